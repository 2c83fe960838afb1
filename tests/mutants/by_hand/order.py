"""An order by hand: reserve, charge, ship (the point of no return), notify. Sound."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Step:
    name: str
    service: str
    path: str
    kind: str = "compensable"
    undo: str | None = None


STEPS = [
    Step("reserve", "inventory", "/reservations", undo="DELETE /reservations"),
    Step("charge", "payments", "/charges", undo="POST /refunds"),
    Step("ship", "shipping", "/shipments", kind="pivot"),
    Step("notify", "mail", "/letters", kind="retriable"),
]
ATTEMPTS = 5


async def order(ctx: Any, item: Any) -> Any:
    tried: list[Step] = []
    ids: dict[str, str] = {}
    log: list[list[str]] = []
    for step in STEPS:
        tried.append(step)
        word, made = await act(ctx, step)
        cause = f"{step.name}: {word}"
        if word == "done":
            ids[step.name] = made["id"]
            log.append([step.name, "done"])
            continue
        if step.kind == "retriable" or (step.kind == "pivot" and word == "in doubt"):
            return {"status": "stuck", "detail": {"error": cause, "log": log}}
        return await turn_back(ctx, tried, ids, log, cause)
    return {"status": "completed", "detail": {"log": log}}


async def act(ctx: Any, step: Step) -> tuple[str, Any]:
    url = f"{ctx.urls[step.service]}{step.path}"
    word, made = await send(ctx, "POST", url, f"{ctx.saga_id}:{step.name}", {"saga_id": ctx.saga_id})
    if word == "in doubt" and step.kind == "pivot":
        word, found = await send(ctx, "GET", f"{url}?saga_id={ctx.saga_id}", "")
        return ("done", found["items"][0]) if word == "done" and found["items"] else ("in doubt", None)
    return word, made


async def turn_back(
    ctx: Any, tried: list[Step], ids: dict[str, str], log: list[list[str]], cause: str
) -> Any:
    stuck = False
    for step in reversed(tried):
        if step.undo is None:
            continue
        if not await undo(ctx, step, step.undo, ids.get(step.name)):
            stuck = True
        else:
            log.append([step.name, "undone"])
    return {"status": "stuck" if stuck else "compensated", "detail": {"error": cause, "log": log}}


async def undo(ctx: Any, step: Step, route: str, id_: str | None) -> bool:
    """By id where there is one to delete, else whatever the saga made there."""
    method, path = route.split()
    known = f"/{id_}" if id_ and method == "DELETE" else f"?saga_id={ctx.saga_id}"
    url = f"{ctx.urls[step.service]}{path}{known}"
    key = "" if method == "DELETE" else f"{ctx.saga_id}:{step.name}:undo"
    word, _ = await send(ctx, method, url, key, undoing=True)
    return word == "done"


async def send(
    ctx: Any, method: str, url: str, key: str, body: Any = None, *, undoing: bool = False
) -> tuple[str, Any]:
    """done, refused (surely not applied) or in doubt, and what the reply holds."""
    doubt, pause_s = False, 0.05
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(pause_s)
            pause_s *= 2
        try:
            headers = {"Idempotency-Key": key} if key else {}
            reply = await ctx.client.request(method, url, json=body, headers=headers, timeout=0.5)
        except httpx.ConnectError:
            continue
        except httpx.TransportError:
            doubt = True
            continue
        status = reply.status_code
        if undoing and status in (404, 410):
            return "done", None
        if 400 <= status < 500 and status != 429:
            return "in doubt" if doubt else "refused", None
        if status == 202 or status >= 300:
            doubt = doubt or status != 429
            continue
        try:
            return "done", reply.json() if reply.content else None
        except ValueError:
            doubt = True
    return "in doubt" if doubt else "refused", None
