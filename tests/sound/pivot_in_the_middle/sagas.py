"""The pivot comes second; what follows is retried until it succeeds, with a cap on the pause."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges", kind="pivot", undo=None),
    Part("ship", "shipping", "/shipments", kind="retriable", undo=None),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(most_pause_s=5.0)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes a pivot in doubt."""
    return await Orchestrator(ctx, PARTS, Manner(most_pause_s=5.0, bug="pivot_undone")).run()
