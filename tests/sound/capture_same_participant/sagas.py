"""What follows the pivot is at the participant of the pivot, and is sent once."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges", kind="pivot", undo=None),
    Part("capture", "payments", "/captures", kind="retriable", undo=None),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(forward_tries=1)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Captures before the pivot."""
    return await Orchestrator(ctx, [PARTS[0], PARTS[2], PARTS[1]], Manner(forward_tries=1)).run()
