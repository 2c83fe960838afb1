"""Remembers each saga id that it finished, and does nothing for it a second time."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]
ENDED: dict[str, Any] = {}


async def order(ctx: Any, input_: Any) -> Any:
    if ctx.saga_id not in ENDED:
        ENDED[ctx.saga_id] = await Orchestrator(ctx, PARTS, Manner()).run()
    return ENDED[ctx.saga_id]


async def broken(ctx: Any, input_: Any) -> Any:
    """Remembers one end for all."""
    if "" not in ENDED:
        ENDED[""] = await Orchestrator(ctx, PARTS, Manner()).run()
    return ENDED[""]
