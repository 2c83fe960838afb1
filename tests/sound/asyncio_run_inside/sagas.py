"""A plain function that starts a loop of its own, and leaves its undos to tasks that it awaits at the end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


def order(ctx: Any, input_: Any) -> Any:
    return asyncio.run(inside(ctx, Manner()))


def broken(ctx: Any, input_: Any) -> Any:
    """Swallows a failed undo."""
    return asyncio.run(inside(ctx, Manner(bug="swallow")))


async def inside(ctx: Any, manner: Manner) -> Any:
    async with httpx.AsyncClient() as client:
        own = SimpleNamespace(saga_id=ctx.saga_id, urls=ctx.urls, client=client)
        return await asyncio.create_task(Orchestrator(own, PARTS, manner).run())
