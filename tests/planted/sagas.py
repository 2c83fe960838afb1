"""One sound saga of whatever tasks, with a method for each decision that planted sagas get wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, StepKind


class Reading(Enum):
    """What a saga makes of an attempt, and of all attempts of a call."""

    DONE = "done"
    REFUSED = "refused"
    UNSENT = "unsent"
    THROTTLED = "throttled"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step as a saga calls it: `POST /<name>s` at a participant, and its undo by saga."""

    name: str
    at: str
    kind: StepKind = StepKind.COMPENSABLE
    undo_by: str = "DELETE"

    @property
    def path(self) -> str:
        return f"/{self.name}s"

    @property
    def undo_path(self) -> str:
        return self.path if self.undo_by == "DELETE" else f"{self.path}/refunds"


@dataclass(slots=True)
class Saga:
    """Sound: keys, retries with a pause, doubt is undone, undos in reverse, honest words."""

    ctx: SagaContext
    tasks: tuple[Task, ...]
    ids: dict[str, str] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    log: list[list[str]] = field(default_factory=list)
    error: str = ""

    final: ClassVar[tuple[Reading, ...]] = (Reading.DONE, Reading.REFUSED)
    attempts: ClassVar[int] = 2
    timeout_s: ClassVar[float | None] = 0.2
    pause_s: ClassVar[float] = 0.02

    # The course of things ---------------------------------------------------------------------

    async def run(self) -> Json:
        return await self.go_on([], self.tasks)

    async def go_on(self, begun: list[Task], tasks: Sequence[Task]) -> Json:
        for task in tasks:
            begun.append(task)
            if await self.act(task) is not Reading.DONE:
                return await self.failed(task, begun)
        return self.outcome("completed")

    async def failed(self, task: Task, begun: list[Task]) -> Json:
        if task.kind is StepKind.RETRIABLE:
            return self.outcome("stuck")
        if task.kind is StepKind.PIVOT and task.name in self.doubtful:
            if not await self.find(task):
                return self.outcome("stuck")
            return await self.go_on(begun, self.tasks[self.tasks.index(task) + 1 :])
        return await self.abort(begun)

    async def abort(self, begun: list[Task]) -> Json:
        for task in self.to_undo(begun):
            if not await self.undo(task):
                return self.outcome("stuck")
        return self.outcome("compensated")

    def to_undo(self, begun: list[Task]) -> list[Task]:
        """What was done or is in doubt, the last first."""
        return [task for task in reversed(begun) if task.name in self.ids or task.name in self.doubtful]

    # Actions ----------------------------------------------------------------------------------

    async def act(self, task: Task) -> Reading:
        """All attempts of an action; notes the id, or that it is in doubt."""
        came = Reading.UNSENT
        for attempt in range(1, self.attempts + 1):
            came, pause_s = await self.attempt(task, attempt)
            if came is Reading.DOUBT and task.name not in self.doubtful:
                self.doubtful.append(task.name)
            if came in self.final or attempt == self.attempts:
                break
            await asyncio.sleep(pause_s)
        if came is Reading.DONE:
            self.log.append([task.name, "done"])
        return came

    async def attempt(self, task: Task, attempt: int) -> tuple[Reading, float]:
        """One attempt, and how long to wait before the next."""
        try:
            reply = await self.send("POST", task, task.path, key=self.key(task, attempt))
        except httpx.TransportError as error:
            self.error = self.error or type(error).__name__
            return self.read_error(task, error), self.pause_s
        came = self.read_reply(task, reply)
        if came is not Reading.DONE:
            self.error = self.error or f"{task.name}: {reply.status_code}"
        return came, max(self.pause_s, self.asked_s(reply))

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        return Reading.UNSENT if isinstance(error, httpx.ConnectError) else Reading.DOUBT

    def read_reply(self, task: Task, reply: httpx.Response) -> Reading:
        if reply.status_code == 429:
            return Reading.THROTTLED
        if 400 <= reply.status_code < 500:
            return Reading.REFUSED
        id_ = self.id_in(reply) if reply.is_success else None
        if id_ is None:
            return Reading.DOUBT
        self.ids[task.name] = id_
        return Reading.DONE

    def id_in(self, reply: httpx.Response) -> str | None:
        try:
            return str(reply.json()["id"])
        except (ValueError, KeyError):
            return None

    def asked_s(self, reply: httpx.Response) -> float:
        """The pause that Retry-After asks for."""
        return float(reply.headers.get("retry-after", 0))

    # Undos and queries ------------------------------------------------------------------------

    async def undo(self, task: Task) -> bool:
        """All attempts of an undo; whether it is done."""
        for attempt in range(1, self.attempts + 1):
            pause_s = self.pause_s
            try:
                reply = await self.send_undo(task, attempt)
            except httpx.TransportError:
                reply = None
            if reply is not None:
                if self.is_undone(reply):
                    self.log.append([task.name, "undone"])
                    return True
                pause_s = max(pause_s, self.asked_s(reply))
            if attempt < self.attempts:
                await asyncio.sleep(pause_s)
        return False

    async def send_undo(self, task: Task, attempt: int) -> httpx.Response:
        return await self.send(task.undo_by, task, task.undo_path, key=self.undo_key(task, attempt))

    def is_undone(self, reply: httpx.Response) -> bool:
        return (reply.is_success and reply.status_code != 202) or reply.status_code in (404, 410)

    async def find(self, task: Task) -> str | None:
        """The id of what is there; None where a query shows nothing, or none came through."""
        for attempt in range(1, self.attempts + 1):
            try:
                reply = await self.send("GET", task, task.path)
                if reply.is_success:
                    return next((str(item["id"]) for item in reply.json()["items"]), None)
                pause_s = max(self.pause_s, self.asked_s(reply))
            except (httpx.TransportError, ValueError):
                pause_s = self.pause_s
            if attempt < self.attempts:
                await asyncio.sleep(pause_s)
        return None

    # ------------------------------------------------------------------------------------------

    def key(self, task: Task, attempt: int) -> str | None:
        return f"{self.ctx.saga_id}:{task.name}"

    def undo_key(self, task: Task, attempt: int) -> str | None:
        return f"{self.ctx.saga_id}:{task.name}:undo"

    async def send(self, method: str, task: Task, path: str, *, key: str | None = None) -> httpx.Response:
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        return await self.ctx.client.request(
            method,
            f"{self.ctx.urls[task.at]}{path}",
            params={"saga_id": self.ctx.saga_id},
            json={} if method == "POST" else None,
            headers={"Idempotency-Key": key} if key else None,
            timeout=self.timeout_s,
        )

    def outcome(self, status: str) -> Json:
        return {"status": status, "detail": {"error": self.error or None, "log": self.log}}


class AsksInDoubt(Saga):
    """Sound where nothing can land late: sends once, in doubt asks, and undoes by id what it finds."""

    attempts = 1

    async def act(self, task: Task) -> Reading:
        came = await super().act(task)
        if came is Reading.DOUBT:
            await self.look(task)
        return came

    async def look(self, task: Task) -> None:
        found = await self.find(task)
        if found:
            self.ids[task.name] = found

    async def send_undo(self, task: Task, attempt: int) -> httpx.Response:
        return await self.send("DELETE", task, f"{task.path}/{self.ids.get(task.name, 'unknown')}")
