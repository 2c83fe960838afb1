"""The last step may fail, and the saga completes without it."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges", kind="pivot"),
    Part("ship", "shipping", "/shipments", kind="retriable", undo=None, optional=True),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(forward_tries=3)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes the pivot for optional."""
    return await Orchestrator(
        ctx,
        [*PARTS[:1], Part("charge", "payments", "/charges", optional=True), *PARTS[2:]],
        Manner(forward_tries=3),
    ).run()
