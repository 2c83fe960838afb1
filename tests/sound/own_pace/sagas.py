"""Comes back when it likes, whatever Retry-After asks for; it never promised to keep that."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
    Part("ship", "shipping", "/shipments"),
]


def saga(ctx: Any, pause_s: float) -> Orchestrator:
    made = Orchestrator(ctx, PARTS, Manner())
    made.line.heeds_retry_after, made.line.first_pause_s = False, pause_s
    return made


async def order(ctx: Any, input_: Any) -> Any:
    return await saga(ctx, 0.05).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Waits for nothing at all."""
    return await saga(ctx, 0.0).run()
