"""Asks what there is, and undoes that by id; a second resource would come of a repeat."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations", undo="find"),
    Part("charge", "payments", "/charges", undo="find"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(tries=1)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Repeats what is made anew each time."""
    return await Orchestrator(ctx, PARTS, Manner(tries=3)).run()
