"""Claims nothing, and waits less long than a slow reply takes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.sound.talk import read

STEPS = [("reserve", "inventory", "/reservations"), ("charge", "payments", "/charges")]


async def order(ctx: Any, input_: Any) -> Any:
    return await walk(ctx)


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes nothing."""
    return await walk(ctx, undo=False)


async def walk(ctx: Any, undo: bool = True) -> Any:
    made = []
    for name, participant, path in STEPS:
        headers, body = {"Idempotency-Key": f"{ctx.saga_id}:{name}"}, {"saga_id": ctx.saga_id}
        try:
            async with asyncio.timeout(0.8):
                reply = await ctx.client.post(ctx.urls[participant] + path, json=body, headers=headers)
        except (TimeoutError, httpx.TransportError):
            break
        told = read(reply, undo=False)
        if told is None or not told.done:
            break
        made.append(f"{ctx.urls[participant]}{path}/{told.body['id']}")
    else:
        return {"status": "completed"}
    for url in reversed(made if undo else []):
        if not await undone(ctx, url):
            return {"status": "stuck"}
    return {"status": "compensated"}


async def undone(ctx: Any, url: str) -> bool:
    for attempt in range(5):
        try:
            if (await ctx.client.delete(url, timeout=2)).status_code in (204, 404):
                return True
        except httpx.TransportError:
            pass
        await asyncio.sleep(1.0 + attempt)
    return False
