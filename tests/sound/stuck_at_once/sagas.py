"""Stuck on the first undo that fails."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(undo_tries=1)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Swallows a failed undo."""
    return await Orchestrator(ctx, PARTS, Manner(undo_tries=1, bug="swallow")).run()
