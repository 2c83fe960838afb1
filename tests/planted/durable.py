"""One sound saga that outlives its process, with a method for each decision that planted sagas get wrong.

It keeps a journal in the store: what it is about to do is there before it does it. It resumes forwards,
with the same keys, unless the journal says that it has aborted. An executor that resumes takes the
saga over, and the one before it stops at its next step; one that was merely started a second time finds
another at work. A cancellation undoes what was begun. It knows no pivot.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import NamedTuple, TypeVar

import httpx

from harness.saga import Json
from tests.planted.sagas import Reading, Saga, Task

ENDS = ("completed", "compensated", "stuck")

_Result = TypeVar("_Result")


class Entry(NamedTuple):
    """A line of the journal: a step, or the saga itself where that is empty, and what became of it."""

    step: str
    word: str
    note: str = ""


class TakenOver(Exception):  # noqa: N818 - no error: another executor goes on
    """A newer executor has the saga."""


class Durable(Saga):
    """Sound, whatever strikes its process or its caller."""

    token: int = 0
    aborting: bool = False
    ended: str = ""
    record: str = "saga"

    # The course of things ---------------------------------------------------------------------

    async def run(self) -> Json:
        self.recall()
        if self.ended:
            return self.told(self.ended)
        if self.at_work():
            return self.told("running")
        self.take_over()
        try:
            return await self.lead_on()
        except TakenOver:
            return self.told("running")

    async def lead_on(self) -> Json:
        try:
            return await (self.abort(list(self.tasks)) if self.aborting else self.forward())
        except asyncio.CancelledError:
            if await self.cancelled():
                raise
            return self.told(self.ended)

    async def forward(self) -> Json:
        for task in self.tasks:
            if task.name not in self.ids and await self.step(task) is not Reading.DONE:
                return await self.failed(task, list(self.tasks))
        return self.outcome("completed")

    async def step(self, task: Task) -> Reading:
        """One that may have been sent before is sent again, with the same key."""
        return await self.act(task)

    async def abort(self, begun: list[Task]) -> Json:
        """On record before the first undo; a cancellation does not break it off."""
        if not self.aborting:
            self.error = self.error or "interrupted"
            self.aborting = True
            self.note("", "abort", self.error)
        return await shielded(super().abort(begun))

    async def cancelled(self) -> bool:
        """Undo what was begun; whether the cancellation may then go on, for nothing is left."""
        self.recall()
        await self.abort(list(self.tasks))
        return self.ended == "compensated"

    def outcome(self, status: str) -> Json:
        self.note("", status, self.error)
        self.ended = status
        return self.told(status)

    def told(self, status: str) -> Json:
        return super().outcome(status)

    # Steps ------------------------------------------------------------------------------------

    async def act(self, task: Task) -> Reading:
        self.note(task.name, "begun")
        came = await super().act(task)
        # A refusal tells nothing of an earlier attempt, by this executor or the one before.
        sure = came is Reading.DONE or task.name not in self.doubtful
        self.note(task.name, came.value if sure else Reading.DOUBT.value)
        return came

    async def undo(self, task: Task) -> bool:
        done = await super().undo(task)
        if done:
            self.note(task.name, "undone")
        return done

    def to_undo(self, begun: list[Task]) -> list[Task]:
        undone = [step for step, word in self.log if word == "undone"]
        return [task for task in super().to_undo(begun) if task.name not in undone]

    async def send(self, method: str, task: Task, path: str, *, key: str | None = None) -> httpx.Response:
        self.check()
        return await super().send(method, task, path, key=key)

    # The journal ------------------------------------------------------------------------------

    @property
    def journal(self) -> Path:
        return self.ctx.store_dir / f"{self.record}.journal"

    def entries(self) -> list[Entry]:
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [Entry(*json.loads(line)) for line in lines]

    def note(self, step: str, word: str, note: str = "") -> None:
        """Append an entry, unless another has the saga."""
        self.check()
        self.write(Entry(step, word, note))

    def write(self, entry: Entry) -> None:
        with self.journal.open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def recall(self) -> None:
        """From the journal to what this executor knows. What was begun is in doubt until more is known."""
        self.log.clear()
        for entry in self.entries():
            self.remember(entry)

    def remember(self, entry: Entry) -> None:
        if not entry.step:
            self.aborting = self.aborting or entry.word == "abort"
            self.ended = entry.word if entry.word in ENDS else ""
            self.error = self.error or entry.note
        elif entry.word == "begun" and entry.step not in self.doubtful:
            self.doubtful.append(entry.step)
        elif entry.word in ("done", "undone"):
            self.ids.setdefault(entry.step, "on record")
            self.log.append([entry.step, entry.word])
        elif entry.word in ("refused", "unsent", "throttled") and entry.step in self.doubtful:
            self.doubtful.remove(entry.step)

    # Whose saga it is -------------------------------------------------------------------------

    def lead(self, token: int) -> Path:
        return self.ctx.store_dir / f"{self.record}.lead.{token}"

    def leader(self) -> int:
        taken = self.ctx.store_dir.glob(f"{self.record}.lead.*")
        return max((int(path.suffix.removeprefix(".")) for path in taken), default=0)

    def at_work(self) -> bool:
        """Whether another has begun, and nobody said that it is gone."""
        return not self.ctx.resumed and self.leader() > 0

    def take_over(self) -> None:
        """No two can take the same token: whoever makes its file first has it."""
        self.token = self.leader() + 1
        try:
            self.lead(self.token).touch(exist_ok=False)
        except FileExistsError:
            self.take_over()

    def check(self) -> None:
        """Raises TakenOver where a newer executor has the saga."""
        if self.leader() != self.token:
            raise TakenOver


class AsksFirst(Durable):
    """Sound where a repeat makes a second one: what is in doubt goes on if a query shows it, else back."""

    final = (*Saga.final, Reading.DOUBT)

    async def step(self, task: Task) -> Reading:
        if task.name not in self.doubtful:
            return await self.act(task)
        if await self.find(task) is None:
            return Reading.DOUBT
        self.note(task.name, "done")
        self.log.append([task.name, "done"])
        return Reading.DONE


async def shielded(work: Awaitable[_Result]) -> _Result:
    """The result of what no cancellation of the caller breaks off."""
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
    return task.result()
