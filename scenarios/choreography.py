"""How a service of a hardened choreographed saga takes its events: an inbox, an outbox, and doubt.

- **Inbox and outbox in one store, a journal.** What came of an event is kept before it is published, and
  is published until the bus has it, with an id that follows from the event: whoever takes it again knows it.
- **A step is begun at most once.** That it begins is kept first. What was begun and is not known to be done
  is undone by saga, never tried again, and has failed.
- **An undo that fails is refused to the bus**, which brings the event again, and at last puts it aside: then
  a person is needed.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from harness.adapter.handlers import HandlerContext, MessageEvent
from harness.saga import Json

TIMEOUT_S = 0.25
_PAUSES_S = (0.05, 0.1)

Data = Mapping[str, Any]


class UndoFailedError(Exception):
    """The event has to come again: something is not undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of a step. The saga's id is added to its body, or to the query where it has none."""

    service: str
    method: str
    path: str
    body: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStep:
    """One step of a service: how it is done and undone, from the data that its event carries."""

    name: str
    action: Callable[[Data], Request]
    undo: Callable[[Data], Request]


class Store:
    """A journal: one JSON object a line, each written at once, so that a crash leaves all of it or none.

    Only one process works at it at a time; that one reads the file once, and keeps what it says.
    """

    def __init__(self, ctx: HandlerContext) -> None:
        self._path = ctx.store_dir / "services.ndjson"
        self._kept: dict[str, Any] = ctx.memory.setdefault("store", {})
        if not ctx.memory.setdefault("store read", False):
            self._kept.update(self._lines())
            ctx.memory["store read"] = True

    def read(self) -> dict[str, Any]:
        return dict(self._kept)

    def write(self, name: str, value: Any) -> None:
        with self._path.open("ab") as file:
            file.write(json.dumps([name, value]).encode() + b"\n")
        self._kept[name] = value

    def _lines(self) -> Iterator[tuple[str, Any]]:
        content = self._path.read_bytes() if self._path.exists() else b""
        torn = len(content.rpartition(b"\n")[2])
        if torn:  # never written whole, and the next line must not be added to it
            os.truncate(self._path, len(content) - torn)
        for line in content.splitlines()[: content.count(b"\n")]:
            name, value = json.loads(line)
            yield name, value


Made = tuple[str, Data]
"""The event that comes of another one: its type and its data."""


async def once(
    ctx: HandlerContext, event: MessageEvent, who: str, work: Callable[[], Awaitable[Made]]
) -> None:
    """Do what an event asks for once, and publish what came of it until the bus has it."""
    lock: asyncio.Lock = ctx.memory.setdefault("lock", asyncio.Lock())
    async with lock:
        mark = f"{who} {event.id}"
        kept = Store(ctx).read().get(mark)
        if kept is None:
            type_, data = await work()
            kept = {"type": type_, "data": dict(data), "out": False}
            Store(ctx).write(mark, kept)
        if not kept["out"]:
            await ctx.publish(
                kept["type"], kept["data"], id=f"{event.id}/{kept['type']}", timeout_s=TIMEOUT_S
            )
            Store(ctx).write(mark, kept | {"out": True})


async def act(ctx: HandlerContext, data: Data, steps: Sequence[ServiceStep]) -> dict[str, str] | None:
    """Do steps, each at most once: what they made, by name; None where one failed, and all are undone."""
    made: dict[str, str] = {}
    failed = False
    for step in steps:
        mark = f"begun {step.name}"
        begun_before = mark in Store(ctx).read()
        Store(ctx).write(mark, True)
        found = None if begun_before else await create(ctx, step.action(data), step.name)
        if found is None:
            failed = True
            break
        made[step.name] = found
    if not failed:
        return made
    await take_back(ctx, data, steps)
    return None


async def take_back(ctx: HandlerContext, data: Data, steps: Sequence[ServiceStep]) -> None:
    """Undo what was begun, the last first. Raises UndoFailedError."""
    begun = Store(ctx).read()
    for step in reversed(steps):
        if f"begun {step.name}" in begun:
            await _undo(ctx, step.undo(data), step.name)


async def create(ctx: HandlerContext, request: Request, step: str) -> str | None:
    """Send it once: what it made; None where that is not known."""
    try:
        reply = await send(ctx, request, key=f"{ctx.saga_id}:{step}")
        return str(reply.json()["id"]) if reply.is_success else None
    except (httpx.TransportError, ValueError, KeyError):
        return None


async def _undo(ctx: HandlerContext, request: Request, step: str) -> None:
    for pause_s in _PAUSES_S:
        try:
            reply = await send(ctx, request, key=f"{ctx.saga_id}:{step}:undo")
            if reply.is_success or reply.status_code in (404, 410):
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(pause_s)
    raise UndoFailedError(f"{step} is not undone")


async def send(ctx: HandlerContext, request: Request, *, key: str | None = None) -> httpx.Response:
    """Once."""
    return await ctx.client.request(
        request.method,
        ctx.urls[request.service] + request.path,
        json=None if request.body is None else {"saga_id": ctx.saga_id, **request.body},
        params={"saga_id": ctx.saga_id} if request.body is None else None,
        headers={} if key is None else {"Idempotency-Key": key},
        timeout=TIMEOUT_S,
    )
