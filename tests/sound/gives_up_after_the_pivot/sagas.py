"""What follows the pivot is sent once; where that fails, a person is told."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges", kind="pivot", undo=None),
    Part("ship", "shipping", "/shipments", kind="retriable", undo=None),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(forward_tries=1)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes a pivot in doubt."""
    return await Orchestrator(ctx, PARTS, Manner(forward_tries=1, bug="pivot_undone")).run()
