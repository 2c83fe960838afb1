"""Asks for what is not there, with every method, and answers in odd ways."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import httpx

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


class Word(StrEnum):
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    STUCK = "stuck"


async def order(ctx: Any, input_: Any) -> Any:
    return await oddly(ctx, Manner())


async def broken(ctx: Any, input_: Any) -> Any:
    """Swallows what failed."""
    return await oddly(ctx, Manner(bug="swallow", undo_tries=1))


async def oddly(ctx: Any, manner: Manner) -> Any:
    for method, path in (
        ("GET", "/health"),
        ("HEAD", "/reservations"),
        ("OPTIONS", "/"),
        ("GET", "/reservations/nowhere"),
        ("GET", "/reservations/"),
    ):
        try:
            await ctx.client.request(
                method, ctx.urls["inventory"] + path, timeout=1, params={"saga_id": ctx.saga_id}
            )
            await ctx.client.get(ctx.urls["audit"] + "/entries?saga_id=" + ctx.saga_id, timeout=1)
        except httpx.TransportError:
            continue
    ended = await Orchestrator(ctx, PARTS, manner).run()
    return {
        "status": Word(ended["status"]),
        "detail": {
            **ended["detail"],
            "log": ended["detail"]["log"] + [["reserve", "considered"], ["?"], 7],
            "größe": {1: object()},
        },
        "more": 1,
    }
