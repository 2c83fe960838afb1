"""Compensable steps alone, each with a log."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
    Part("ship", "shipping", "/shipments"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes in the order of the actions."""
    return await Orchestrator(ctx, PARTS, Manner(bug="forward_order")).run()
