"""Keys travel in a header of their own."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(key_header="X-Request-Key")).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Sends the keys where nobody looks."""
    return await Orchestrator(ctx, PARTS, Manner()).run()
