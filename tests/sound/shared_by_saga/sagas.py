"""Three steps at one route, undone by saga one after the other."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("first", "inventory", "/reservations"),
    Part("second", "payments", "/charges"),
    Part("third", "inventory", "/reservations"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes in the order of the actions, and does not mind."""
    return await Orchestrator(ctx, PARTS, Manner(bug="swallow")).run()
