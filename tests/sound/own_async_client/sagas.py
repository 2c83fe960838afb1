"""Builds an AsyncClient with a base URL and a body that is streamed; limits itself by asyncio.timeout."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

STEPS = [("reserve", "inventory", "/reservations"), ("charge", "payments", "/charges")]


async def order(ctx: Any, input_: Any) -> Any:
    return await walk(ctx, STEPS)


async def broken(ctx: Any, input_: Any) -> Any:
    """Forgets that the last step may have happened."""
    return await walk(ctx, STEPS[:1])


async def walk(ctx: Any, undoable: list[tuple[str, str, str]]) -> Any:
    tried: list[tuple[str, str, str]] = []
    for step in STEPS:
        name, participant, path = step
        async with httpx.AsyncClient(base_url=ctx.urls[participant]) as client:
            tried.append(step)
            if not await patiently(lambda: post(client, path, ctx, name)):  # noqa: B023 - awaited here
                break
    else:
        return {"status": "completed", "detail": {"spent_s": time.monotonic(), "größe": "äöü"}}
    for step in reversed([one for one in tried if one in undoable]):
        name, participant, path = step
        async with httpx.AsyncClient(base_url=ctx.urls[participant]) as client:
            if not await patiently(lambda: delete(client, path, ctx)):  # noqa: B023 - awaited here
                return {"status": "stuck", "detail": {"error": f"undo of {name}"}}
    return {"status": "compensated", "detail": {"error": "see above"}}


async def patiently(send: Any) -> bool:
    began_s = time.monotonic()
    for attempt in range(6):
        if time.monotonic() - began_s > 100:
            return False
        try:
            async with asyncio.timeout(1.5):
                reply = await asyncio.wait_for(send(), 1.4)
        except (TimeoutError, httpx.TransportError):
            reply = None
        if reply is not None:
            if reply.status_code in (200, 201, 204, 404):
                return True
            if reply.status_code < 500 and reply.status_code != 429:
                return False
            await asyncio.sleep(float(reply.headers.get("retry-after", "0")))
        await asyncio.sleep(random.uniform(0.05, 0.1) * 2**attempt)
    return False


async def post(client: httpx.AsyncClient, path: str, ctx: Any, name: str) -> httpx.Response:
    async def stream() -> AsyncIterator[bytes]:
        yield json.dumps({"saga_id": ctx.saga_id, "note": "x" * 100_000}).encode()

    headers = {"idempotency-key": f"{ctx.saga_id}:{name}", "Content-Type": "application/json"}
    reply = await client.post(path, content=stream(), headers=headers)
    if reply.status_code == 201:
        try:
            reply.json()
        except ValueError:
            return httpx.Response(500)
    return reply


async def delete(client: httpx.AsyncClient, path: str, ctx: Any) -> httpx.Response:
    return await client.request("DELETE", path, json={"saga_id": ctx.saga_id})
