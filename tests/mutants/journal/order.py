"""Reserve, then ship, with a journal that outlives the process. Sound where one executor works at a time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

PATHS = {"reserve": ("inventory", "/reservations"), "ship": ("shipping", "/shipments")}


async def order(ctx: Any, item: Any) -> Any:
    journal = Journal(ctx.store_dir / "journal")
    work = asyncio.ensure_future(walk(ctx, journal))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        return await work  # whoever has begun ends it


async def walk(ctx: Any, journal: Journal) -> Any:
    for step in PATHS:
        if journal.error or journal.has("done", step):
            continue
        doubt = ctx.resumed and journal.has("sent", step)
        journal.add("sent", step)
        word = await send(ctx, "POST", step, f"{ctx.saga_id}:{step}", doubt=doubt)
        if word != "done" and step == "ship":
            word = await shipped(ctx, word)
            if word == "in doubt":
                return journal.outcome("stuck", "is it on its way?")
        journal.add("done" if word == "done" else "failed", step)
    if not journal.error:
        return journal.outcome("completed")
    if journal.has("sent", "reserve") and not journal.has("undone", "reserve"):
        if await send(ctx, "DELETE", "reserve", f"{ctx.saga_id}:reserve:undo") != "done":
            return journal.outcome("stuck", "an undo failed")
        journal.add("undone", "reserve")
    return journal.outcome("compensated")


async def shipped(ctx: Any, word: str) -> str:
    """What shows is believed; what does not may still land, unless it was refused."""
    if word == "refused":
        return word
    found = await get(ctx)
    return "done" if found else "in doubt"


async def get(ctx: Any) -> Any:
    url = f"{ctx.urls['shipping']}/shipments"
    for attempt in range(4):
        try:
            reply = await ctx.client.get(url, params={"saga_id": ctx.saga_id}, timeout=0.5)
            if reply.status_code == 200:
                return reply.json()["items"]
        except (httpx.TransportError, ValueError):
            pass
        await asyncio.sleep(0.1 * 2**attempt)
    return None


async def send(ctx: Any, method: str, step: str, key: str, *, doubt: bool = False) -> str:
    service, path = PATHS[step]
    url = f"{ctx.urls[service]}{path}?saga_id={ctx.saga_id}"
    for attempt in range(4):
        try:
            reply = await ctx.client.request(method, url, headers={"Idempotency-Key": key}, timeout=0.5)
        except httpx.ConnectError:
            pass
        except httpx.TransportError:
            doubt = True
        else:
            if reply.status_code < 300:
                return "done"
            if reply.status_code < 500 and reply.status_code != 429:
                return "in doubt" if doubt else "refused"
            doubt = doubt or reply.status_code >= 500
        await asyncio.sleep(0.1 * 2**attempt)
    return "in doubt" if doubt else "refused"


class Journal:
    """One line for everything that is about to be done, and was done."""

    def __init__(self, path: Path) -> None:
        text = path.read_text() if path.exists() else ""
        self.lines = [json.loads(line) for line in text.splitlines()]
        self.file = path.open("a")

    def add(self, word: str, step: str) -> None:
        if not self.has(word, step):
            self.lines.append([word, step])
            self.file.write(json.dumps([word, step]) + "\n")
            self.file.flush()

    def has(self, word: str, step: str) -> bool:
        return [word, step] in self.lines

    @property
    def error(self) -> str:
        return next((f"{step} failed" for word, step in self.lines if word == "failed"), "")

    def outcome(self, status: str, error: str = "") -> Any:
        log = [[step, word] for word, step in self.lines if word in ("done", "undone")]
        return {"status": status, "detail": {"error": self.error or error, "log": log}}
