"""How the sagas in this room talk HTTP, and a small orchestrator that most of them configure.

Owns one honest client: it tells a refusal from a doubt and from no connection, heeds Retry-After,
and backs off. Refuses to import the harness: these sagas are written as a user's would be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Told:
    """What became of a request: done, refused, doubt, contradicted, or unsent."""

    word: str
    body: Any = None

    @property
    def done(self) -> bool:
        return self.word == "done"


@dataclass
class Line:
    """One patient conversation: `tries` requests with a growing pause between them."""

    client: httpx.AsyncClient
    tries: int = 4
    first_pause_s: float = 0.05
    most_pause_s: float = 2.0
    timeout_s: float = 1.0
    key_header: str = "Idempotency-Key"
    heeds_retry_after: bool = True

    async def send(
        self,
        method: str,
        url: str,
        *,
        key: str | None = None,
        undo: bool = False,
        tries: int | None = None,
        **content: Any,
    ) -> Told:
        headers = {self.key_header: key} if key else {}
        doubtful, pause_s = False, self.first_pause_s
        for _ in range(tries or self.tries):
            wait_s = pause_s
            try:
                reply = await self.client.request(
                    method, url, headers=headers, timeout=self.timeout_s, **content
                )
            except httpx.ConnectError:
                pass
            except httpx.TransportError:
                doubtful = True
            else:
                told = read(reply, undo=undo)
                if told is not None and told.word == "refused" and doubtful:
                    return Told("contradicted")
                if told is not None:
                    return told
                doubtful = doubtful or reply.status_code != 429
                asked_s = float(reply.headers.get("retry-after", 0)) if self.heeds_retry_after else 0.0
                wait_s = max(pause_s, asked_s)
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, self.most_pause_s)
        return Told("doubt" if doubtful else "unsent")


def read(reply: httpx.Response, *, undo: bool) -> Told | None:
    """None: no final answer."""
    status = reply.status_code
    if undo and status in (404, 410):
        return Told("done")
    if status == 202 or status >= 500 or status == 429:
        return None
    if status >= 400:
        return Told("refused")
    if not reply.content:
        return Told("done")
    try:
        return Told("done", reply.json())
    except ValueError:
        return None


@dataclass
class Part:
    """A step as the orchestrator knows it."""

    name: str
    participant: str
    path: str
    kind: str = "compensable"
    undo: str | None = "saga"  # saga, id, find, refund, or None
    optional: bool = False


@dataclass
class Manner:
    """What sagas may do differently. `bug` is for the broken twin."""

    tries: int = 4
    forward_tries: int = 200
    undo_tries: int = 4
    resolve: bool = False
    undo_refused: bool = False
    undo_untried: bool = False
    keys: bool = True
    key_header: str = "Idempotency-Key"
    most_pause_s: float = 2.0
    keep_undoing: bool = False
    bug: str = ""
    key: Callable[[str, str], str] = field(default=lambda saga, step: f"{saga}:{step}")
    id_of: Callable[[Any], str] = field(default=lambda body: str(body["id"]))
    items_of: Callable[[Any], list[Any]] = field(default=lambda body: list(body["items"]))


class Orchestrator:
    """Steps one after the other; on failure the undos in reverse."""

    def __init__(self, ctx: Any, parts: list[Part], manner: Manner, body: Any = None) -> None:
        self.ctx, self.parts, self.manner, self.body = ctx, parts, manner, dict(body or {})
        self.line = Line(
            ctx.client,
            tries=manner.tries,
            key_header=manner.key_header,
            most_pause_s=manner.most_pause_s,
        )
        self.ids: dict[str, str] = {}
        self.log: list[list[str]] = []
        self.tried: list[Part] = []
        self.error = ""

    async def run(self) -> dict[str, Any]:
        for part in self.parts:
            told = await self.act(part)
            if told.done:
                self.log.append([part.name, "done"])
            elif part.optional:
                continue
            else:
                self.error = self.error or f"{part.name}: {told.word}"
                return await self.turn_back(part, told)
        return self.end("completed")

    async def act(self, part: Part) -> Told:
        self.tried.append(part)
        tries = self.manner.forward_tries if part.kind == "retriable" else None
        told = await self.line.send(
            "POST",
            self.url(part),
            key=self.key(part.name),
            tries=tries,
            json={"saga_id": self.ctx.saga_id, **self.body},
        )
        if told.done:
            self.ids[part.name] = self.manner.id_of(told.body)
        elif self.manner.resolve and told.word in ("doubt", "contradicted"):
            return await self.resolved(part, told)
        return told

    async def resolved(self, part: Part, told: Told) -> Told:
        found = await self.find(part)
        if found is None:
            return told
        if found:
            self.ids[part.name] = found[0]
            return Told("done")
        return Told("refused") if part.kind != "pivot" or told.word == "contradicted" else told

    async def find(self, part: Part) -> list[str] | None:
        told = await self.line.send("GET", self.url(part), params={"saga_id": self.ctx.saga_id})
        if not told.done:
            return None
        return [self.manner.id_of(item) for item in self.manner.items_of(told.body)]

    async def turn_back(self, failed: Part, told: Told) -> dict[str, Any]:
        unclear = failed.kind == "pivot" and told.word in ("doubt", "contradicted")
        if (failed.kind == "retriable" or unclear) and self.manner.bug != "pivot_undone":
            return self.end("stuck")
        sure = told.word in ("refused", "unsent")
        if sure and not self.manner.undo_refused:
            self.tried.remove(failed)
        parts = self.parts if self.manner.undo_untried else self.tried
        order = list(parts) if self.manner.bug == "forward_order" else list(reversed(parts))
        stuck = False
        for part in order:
            if part.undo is None:
                continue
            undone = await self.undo(part)
            if not undone and self.manner.bug != "swallow":
                stuck = True
                if not self.manner.keep_undoing:
                    break
        return self.end("stuck" if stuck else "compensated")

    async def undo(self, part: Part) -> bool:
        if part.undo == "saga":
            done = await self.undo_by_saga(part)
        elif part.undo == "find":
            found = await self.find(part)
            done = found is not None and all([await self.undo_by_id(part, one) for one in found])
        elif part.name not in self.ids:
            return self.manner.bug == "forget_unknown"
        else:
            done = await self.undo_by_id(part, self.ids[part.name])
        if done:
            self.log.append([part.name, "undone"])
        return done

    async def undo_by_saga(self, part: Part) -> bool:
        told = await self.line.send(
            "DELETE",
            self.url(part),
            undo=True,
            tries=self.manner.undo_tries,
            params={"saga_id": self.ctx.saga_id},
        )
        return told.done

    async def undo_by_id(self, part: Part, id_: str) -> bool:
        told = await self.line.send(
            "DELETE", f"{self.url(part)}/{id_}", undo=True, tries=self.manner.undo_tries
        )
        return told.done

    def key(self, name: str) -> str | None:
        return self.manner.key(self.ctx.saga_id, name) if self.manner.keys else None

    def url(self, part: Part) -> str:
        return f"{self.ctx.urls[part.participant]}{part.path}"

    def end(self, status: str) -> dict[str, Any]:
        detail: dict[str, Any] = {"log": self.log}
        if status != "completed":
            detail["error"] = self.error
        return {"status": status, "detail": detail}
