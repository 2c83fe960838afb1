"""The first step checks something and leaves nothing that counts."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

CHECK = Part("check", "credit", "/checks", undo=None)
REST = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, [CHECK, *REST], Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Says completed without the reservation."""
    return await Orchestrator(ctx, [CHECK, REST[1]], Manner()).run()
