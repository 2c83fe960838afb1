"""Book a room, then pay. Each request is another room, and a cancellation has to be sent twice. Sound."""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx


async def order(ctx: Any, item: Any) -> Any:
    with locked(ctx.store_dir / "lock") as mine:
        if not mine:
            return {"status": "running"}
        kept = ctx.store_dir / "outcome"
        if kept.exists():
            return json.loads(kept.read_text())
        outcome = await book(ctx)
        kept.write_text(json.dumps(outcome))
        return outcome


async def book(ctx: Any) -> Any:
    """Once, for a second request would be a second room."""
    try:
        reply = await ctx.client.post(url_of(ctx), timeout=0.5)
        if reply.status_code == 201 and reply.json()["id"]:
            return await pay(ctx)
        cause = f"answered {reply.status_code}"
    except (httpx.TransportError, ValueError) as error:
        cause = type(error).__name__
    return await turn_back(ctx, cause)


async def pay(ctx: Any) -> Any:
    """Once. What is in doubt cannot be undone, and is for a person."""
    try:
        url = f"{ctx.urls['payments']}/charges?saga_id={ctx.saga_id}"
        reply = await ctx.client.post(url, headers={"Idempotency-Key": f"{ctx.saga_id}:pay"}, timeout=0.5)
        if reply.status_code == 201 and reply.json()["id"]:
            return {"status": "completed"}
        if 400 <= reply.status_code < 500:
            return await turn_back(ctx, "payment refused")
    except httpx.ConnectError:
        return await turn_back(ctx, "nobody to pay")
    except (httpx.TransportError, ValueError):
        pass
    return {"status": "stuck", "detail": {"error": "is it paid?"}}


async def turn_back(ctx: Any, cause: str) -> Any:
    await cancel(ctx)
    return {"status": "compensated", "detail": {"error": cause}}


async def cancel(ctx: Any) -> None:
    """Until it is done: nothing is away for ever, and nobody else would do it."""
    for attempt in range(1000):
        try:
            reply = await ctx.client.delete(url_of(ctx), timeout=0.5)
            if reply.status_code in (200, 204, 404, 410):
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(min(0.1 * 2**attempt, 2.0))


def url_of(ctx: Any) -> str:
    return f"{ctx.urls['hotel']}/rooms?saga_id={ctx.saga_id}"


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether this executor has the saga to itself."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
