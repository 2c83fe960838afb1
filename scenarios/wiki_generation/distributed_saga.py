"""The hardened `DistributedSaga`: the document's `execute_step`, `commit` and `get_status`.

What changed: a step is noted before it is sent; each call is tried five times with the same bytes and key;
what may have been applied is rolled back, the failed step's part of it too; a rollback counts as done only
once it was acknowledged. `SagaRecorder` decides and does no I/O; the synchronous saga rolls back one call
after the other, the asynchronous one all at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from harness.saga import Json
from scenarios.orchestrator import Call, RetryPolicy, SagaEvent, Send
from scenarios.orchestrator.drivers import drive, drive_sync
from scenarios.orchestrator.retry import Steps, T, deliver, read_action, read_undo, resource_id

POLICY = RetryPolicy()


class StepFailedError(Exception):
    """A step failed, and what was done is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One call of a step. A step that writes many files has one for each."""

    name: str
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """One call that rolls actions back."""

    names: tuple[str, ...]
    call: Call


Known = Mapping[str, str | None]
"""Actions that may have been applied, with the id of what each made; None: in doubt."""

MakeRollbacks = Callable[[Known], Sequence[Rollback]]


@dataclass(slots=True, kw_only=True)
class SagaRecorder:
    """What both sagas remember and tell."""

    saga_id: str
    user_id: str
    state: str = "pending"
    total_steps: int = 0
    completed_steps: int = 0
    failed_at: str | None = None
    error: str | None = None
    log: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    _begun: list[tuple[dict[str, str | None], MakeRollbacks]] = field(default_factory=list)

    def forward(self, name: str, actions: Sequence[Action], rollback: MakeRollbacks) -> Steps[list[str]]:
        """Do a step; the ids of what it made. Raises StepFailedError."""
        if self.state == "pending":
            self._tell("SagaStarted")
        self.state = "executing"
        self.total_steps += 1
        known: dict[str, str | None] = {}
        self._begun.append((known, rollback))
        for action in actions:
            yield from self._act(name, action, known)
        self.completed_steps += 1
        return [made for made in known.values() if made is not None]

    def _act(self, name: str, action: Action, known: dict[str, str | None]) -> Steps[None]:
        known[action.name] = None
        self._tell("StepStarted", action.name)
        send = Send(call=action.call, key=f"{self.saga_id}:{action.name}")
        delivery = yield from deliver(send, read_action, POLICY)
        made = resource_id(delivery.content) if delivery.done else None
        if made is not None:
            known[action.name] = made
            self.log.append([action.name, "done"])
            self._tell("StepCompleted", action.name)
            return
        if not delivery.in_doubt:
            del known[action.name]
        self._tell("StepFailed", action.name)
        self.failed_at, self.error = name, f"{action.name}: {delivery.error}"
        raise StepFailedError(self.error)

    def backward(self) -> list[Steps[None]]:
        """The rollbacks, latest step first."""
        self._tell("CompensationStarted")
        self.state = "rolled_back"
        return [
            self._roll_back(one)
            for known, rollback in reversed(self._begun)
            if known
            for one in rollback(known)
        ]

    def _roll_back(self, one: Rollback) -> Steps[None]:
        key = f"{self.saga_id}:{'+'.join(one.names)}:undo"
        delivery = yield from deliver(Send(call=one.call, key=key), read_undo, POLICY)
        if not delivery.done:
            self.state = "failed"
            return
        for name in one.names:
            self.log.append([name, "undone"])
            self._tell("CompensationCompleted", name)

    def ended(self) -> None:
        """Nothing more is done."""
        self._tell("SagaCompleted" if self.state == "committed" else "SagaFailed")

    def get_status(self) -> dict[str, Json]:
        """As the document has it."""
        return {
            "saga_id": self.saga_id,
            "user_id": self.user_id,
            "state": self.state,
            "total_steps": self.total_steps,
            "completed_steps": self.completed_steps,
            "failed_at": self.failed_at,
            "error": self.error,
        }

    def _tell(self, event: str, step: str | None = None) -> None:
        self.events.append({"event": event} if step is None else {"event": event, "step": step})


class DistributedSaga:
    """Synchronous, with sequential rollback."""

    def __init__(
        self, saga_id: str, user_id: str, client: httpx.Client, urls: Mapping[str, str], timeout_s: float
    ) -> None:
        self.recorder = SagaRecorder(saga_id=saga_id, user_id=user_id)
        self._client, self._urls, self._timeout_s = client, urls, timeout_s

    def execute_step(self, name: str, actions: Sequence[Action], rollback: MakeRollbacks) -> list[str]:
        """Raises StepFailedError once all is rolled back that can be."""
        try:
            return self._drive(self.recorder.forward(name, actions, rollback))
        except StepFailedError:
            for one in self.recorder.backward():
                self._drive(one)
            self.recorder.ended()
            raise

    def commit(self) -> None:
        self.recorder.state = "committed"
        self.recorder.ended()

    def get_status(self) -> dict[str, Json]:
        return self.recorder.get_status()

    def _drive(self, steps: Steps[T]) -> T:
        return drive_sync(steps, self._client, self._urls, self._timeout_s, _never)


class ParallelDistributedSaga:
    """Asynchronous: what is rolled back is rolled back at once."""

    def __init__(
        self, saga_id: str, user_id: str, client: httpx.AsyncClient, urls: Mapping[str, str], timeout_s: float
    ) -> None:
        self.recorder = SagaRecorder(saga_id=saga_id, user_id=user_id)
        self._client, self._urls, self._timeout_s = client, urls, timeout_s

    async def execute_step(self, name: str, actions: Sequence[Action], rollback: MakeRollbacks) -> list[str]:
        """Raises StepFailedError once all is rolled back that can be."""
        try:
            return await self._drive(self.recorder.forward(name, actions, rollback))
        except StepFailedError:
            await asyncio.gather(*(self._drive(one) for one in self.recorder.backward()))
            self.recorder.ended()
            raise

    def commit(self) -> None:
        self.recorder.state = "committed"
        self.recorder.ended()

    def get_status(self) -> dict[str, Json]:
        return self.recorder.get_status()

    async def _drive(self, steps: Steps[T]) -> T:
        return await drive(steps, self._client, self._urls, self._timeout_s, _never)


def _never(event: SagaEvent) -> None:
    raise AssertionError(f"this saga keeps its events itself, and yielded {event!r}")
