"""One for each saga and step: repeats need no key."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(keys=False)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes in the order of the actions."""
    return await Orchestrator(ctx, PARTS, Manner(keys=False, bug="forward_order")).run()
