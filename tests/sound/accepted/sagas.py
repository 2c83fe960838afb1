"""The first undo answers 202 and takes effect when it is sent again."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes a 202 for done."""
    return await Orchestrator(ctx, PARTS, Manner(undo_tries=1, bug="swallow")).run()
