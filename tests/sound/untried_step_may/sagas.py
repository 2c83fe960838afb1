"""Undoes every step by saga, tried or not."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
    Part("ship", "shipping", "/shipments"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(undo_untried=True)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Swallows a failed undo."""
    return await Orchestrator(ctx, PARTS, Manner(undo_untried=True, bug="swallow")).run()
