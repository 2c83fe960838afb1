"""A small durable saga, async and plain, that keeps a journal in `ctx.store_dir`; and a broken twin.

Sound by the book: what it is about to send is written down first, keys are the same for ever, and each
executor goes on in the direction that the journal shows, which it reads anew before each request: another
one may have turned the saga back while it was frozen. It keeps no lock: two that race may decide apart.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx

from harness.adapter import CallableSaga, SagaContext
from harness.plan import Fault, FaultPlan, Lasting
from harness.saga import Claim, Json
from harness.scenario import Scenario
from tests.planted.kit import CHARGE, HOLD, PARCEL, SHOP, spec_of
from tests.planted.sagas import Task

TASKS = (HOLD, CHARGE, PARCEL)
CLAIMS = frozenset(Claim) - {Claim.IRREVERSIBLE_STEP, Claim.CANCEL}
Talk = Generator[tuple[str, Any], Any, Json]
"""Yields what it wants done (`send` a request, `pause` so many seconds), is sent what came of it."""


class Journal:
    """What is done, and which way the saga goes; each word is on disk before the next line runs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def words(self) -> list[str]:
        found: list[str] = json.loads(self._path.read_text()) if self._path.exists() else []
        return found

    def add(self, word: str) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps([*self.words, word]))
        part.replace(self._path)


class ReadOnce(Journal):
    """Reads it as the executor begins, and never learns what another one wrote."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._known = super().words

    @property
    def words(self) -> list[str]:
        return self._known

    def add(self, word: str) -> None:
        super().add(word)
        self._known.append(word)


class Forgetful(Journal):
    """Keeps it in memory, where a crash takes it."""

    def __init__(self, path: Path) -> None:
        del path
        self._words: list[str] = []

    @property
    def words(self) -> list[str]:
        return self._words

    def add(self, word: str) -> None:
        self._words.append(word)


def course(ctx: SagaContext, kind: type[Journal], tasks: tuple[Task, ...] = TASKS) -> Talk:
    """The saga itself, whoever moves its bytes."""
    journal = kind(ctx.store_dir / "journal.json")
    if "back" not in journal.words:
        came = yield from _forward(ctx, journal, tasks)
        if came != "back":
            return {"status": came}
        journal.add("back")
    for task in reversed(tasks[:-1]):
        undone = f"{task.name} undone"
        if f"{task.name} begun" in journal.words and undone not in journal.words:
            came = yield from _attempts(ctx, task, "DELETE", journal, unless=undone)
            if came not in ("done", undone):
                return {"status": "stuck", "detail": {"error": task.name}}
            journal.add(undone)
    return {"status": "compensated", "detail": {"error": "a step failed"}}


def _forward(
    ctx: SagaContext, journal: Journal, tasks: tuple[Task, ...]
) -> Generator[tuple[str, Any], Any, str]:
    for task in tasks:
        if f"{task.name} done" in journal.words:
            continue
        again = f"{task.name} begun" in journal.words
        if not again:
            journal.add(f"{task.name} begun")
        came = yield from _attempts(ctx, task, "POST", journal, unless="back")
        if came == "back":
            return came
        if task is PARCEL and (came == "doubt" or (again and came != "done")):
            shown = yield "send", _request(ctx, task, "GET")
            there = isinstance(shown, httpx.Response) and shown.is_success and _readable(shown)
            came = "done" if there and shown.json().get("items") else "stuck"
        if came != "done":
            return "stuck" if came == "stuck" else "back"
        journal.add(f"{task.name} done")
    return "completed"


def _attempts(
    ctx: SagaContext, task: Task, method: str, journal: Journal, *, unless: str
) -> Generator[tuple[str, Any], Any, str]:
    """`done`, `refused`, `away` or `doubt`; what was ever in doubt is not refused.

    unless: a word of the journal by which there is nothing to send any more; then that word.
    """
    doubt = False
    for _ in range(5):
        if unless in journal.words:
            return unless
        reply = yield "send", _request(ctx, task, method)
        came = _reading(reply, undo=method == "DELETE")
        if came == "done" or (came == "refused" and not doubt):
            return came
        doubt = doubt or came == "doubt"
        yield "pause", max(0.05, _asked_s(reply))
    return "doubt" if doubt else came


def _reading(reply: object, *, undo: bool) -> str:
    if not isinstance(reply, httpx.Response):
        return "away" if isinstance(reply, httpx.ConnectError) else "doubt"
    if (reply.is_success and _readable(reply)) or (undo and reply.status_code in (404, 410)):
        return "done"
    if reply.status_code == 429:
        return "away"
    return "refused" if 400 <= reply.status_code < 500 else "doubt"


def _readable(reply: httpx.Response) -> bool:
    try:
        return not reply.content or bool(reply.json())
    except ValueError:
        return False


def _asked_s(reply: object) -> float:
    return float(reply.headers.get("retry-after", 0)) if isinstance(reply, httpx.Response) else 0.0


def _request(ctx: SagaContext, task: Task, method: str) -> dict[str, Any]:
    undo = method == "DELETE"
    return {
        "method": task.undo_by if undo else method,
        "url": f"{ctx.urls[task.at]}{task.undo_path if undo else task.path}",
        "params": {"saga_id": ctx.saga_id},
        "json": {} if method == "POST" or task.undo_by == "POST" else None,
        "headers": {"Idempotency-Key": f"{ctx.saga_id}:{task.name}{':undo' if undo else ''}"},
        "timeout": 0.2,
    }


async def by_asyncio(ctx: SagaContext, talk: Talk) -> Json:
    assert isinstance(ctx.client, httpx.AsyncClient)
    came: Any = None
    while True:
        try:
            what, how = talk.send(came)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if what == "pause":
            await asyncio.sleep(how)
            continue
        try:
            came = await ctx.client.request(**how)
        except httpx.HTTPError as error:
            came = error


def by_hand(ctx: SagaContext, talk: Talk) -> Json:
    assert isinstance(ctx.client, httpx.Client)
    came: Any = None
    while True:
        try:
            what, how = talk.send(came)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if what == "pause":
            time.sleep(how)
            continue
        try:
            came = ctx.client.request(**how)
        except httpx.HTTPError as error:
            came = error


def saga_of(style: str, journal: type[Journal] = Journal, tasks: tuple[Task, ...] = TASKS) -> CallableSaga:
    async def awaited(ctx: SagaContext, input_: Json) -> Json:
        return await by_asyncio(ctx, course(ctx, journal, tasks))

    def plain(ctx: SagaContext, input_: Json) -> Json:
        return by_hand(ctx, course(ctx, journal, tasks))

    return CallableSaga(awaited if style == "async" else plain, f"journal-{style}", durable=True)


def scenario_of(
    saga: CallableSaga, claims: frozenset[Claim] = CLAIMS, tasks: tuple[Task, ...] = TASKS
) -> Scenario:
    return Scenario(name=saga.name, spec=spec_of(tasks, SHOP, claims), participants=SHOP, saga=saga)


def plan_of(*faults: Fault) -> FaultPlan:
    return FaultPlan(faults)


def fails(task: Task = PARCEL, count: int | Lasting = Lasting.FOR_EVER) -> Fault:
    """Turns the saga back."""
    return Fault(kind="reject", operation=f"{task.at}.{task.name}.create", count=count)
