"""Undoes until it is done, with a cap on the pause."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(undo_tries=10_000)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes until it is done, without a pause."""
    return await Orchestrator(ctx, PARTS, Manner(undo_tries=10_000, most_pause_s=0.0)).run()
