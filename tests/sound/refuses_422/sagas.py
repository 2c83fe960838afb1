"""Refusals come as 422."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges", kind="pivot"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes a pivot in doubt."""
    return await Orchestrator(ctx, PARTS, Manner(bug="pivot_undone")).run()
