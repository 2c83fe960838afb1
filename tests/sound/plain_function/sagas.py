"""A plain function with a client of its own, standard library time, and an Outcome-like mapping."""

from __future__ import annotations

import random
import time
from typing import Any

import httpx


def order(ctx: Any, input_: Any) -> Any:
    return walk(ctx, 5)


def broken(ctx: Any, input_: Any) -> Any:
    """Undoes once and believes it."""
    return walk(ctx, 0)


STEPS = [("reserve", "inventory", "/reservations"), ("charge", "payments", "/charges")]


def walk(ctx: Any, undo_tries: int) -> Any:
    tried = []
    with httpx.Client(timeout=httpx.Timeout(2.0, connect=0.5)) as client:
        for name, participant, path in STEPS:
            url, headers = ctx.urls[participant] + path, {"Idempotency-Key": f"{ctx.saga_id}:{name}"}
            tried.append(url)
            if not settled(client, "POST", url, 5, headers=headers, json={"saga_id": ctx.saga_id}):
                break
        else:
            return {"status": "completed"}
        for url in reversed(tried):
            query = {"saga_id": ctx.saga_id}
            if not settled(client, "DELETE", url, undo_tries or 1, params=query) and undo_tries:
                return {"status": "stuck", "detail": None}
    return {"status": "compensated"}


def settled(client: httpx.Client, method: str, url: str, tries: int, **content: Any) -> bool:
    until_s = time.monotonic() + 60
    for attempt in range(tries):
        if time.monotonic() > until_s:
            break
        try:
            reply = client.request(method, url, **content)
            if reply.status_code == 404 and method == "DELETE":
                return True
            if reply.status_code < 300:
                return method == "DELETE" or "id" in reply.json()
            if reply.status_code < 500 and reply.status_code != 429:
                return False
            time.sleep(float(reply.headers.get("Retry-After", "0")))
        except (httpx.TransportError, ValueError):
            pass
        time.sleep(0.1 * 2**attempt * (1 + random.random()))
    return False
