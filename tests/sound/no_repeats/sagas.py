"""Each repeat makes a second one, so nothing is repeated; undone by saga."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(tries=1, keys=False)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Repeats what is made anew each time."""
    return await Orchestrator(ctx, PARTS, Manner(tries=2, keys=False)).run()
