"""One executor at work on one durable saga: takes the lease, goes on from the log, keeps every event first.

Sans-I/O but for the log: like the core it yields `Send` and `Sleep`, so that both drivers drive it.

- An event is appended in the transaction that checks and renews the lease, before it is acted upon.
- The lease is checked and renewed before each request, unless an event was appended at that very
  moment, and while waiting. One that was frozen and fenced out
  is stopped there; a request that was already on its way is harmless: its key repeats what the next
  executor repeats, and what that one undid is barred by saga.
- An executor that finds the lease taken watches it. If it moves, the holder lives, and the saga is
  left to it; if it runs out, the holder is dead, and this one takes over with a higher token.
- Attempts are counted by each executor on its own: what the one before saw is in no event.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol

from scenarios.orchestrator.codec import decode, encode
from scenarios.orchestrator.commands import Emit, Reply, Send, Sleep
from scenarios.orchestrator.core import run_saga
from scenarios.orchestrator.definition import D, Kind, SagaDefinition
from scenarios.orchestrator.errors import CorruptLogError, LeaseLostError
from scenarios.orchestrator.events import (
    SagaCompleted,
    SagaEvent,
    SagaFailed,
    SagaStarted,
    StepFailed,
)
from scenarios.orchestrator.instance import Progress, SagaInstance, SagaState
from scenarios.orchestrator.log import Entry, Lease, SagaLog, SagaRecord
from scenarios.orchestrator.policy import RetryPolicy
from scenarios.orchestrator.retry import Steps

_POLLS_PER_TTL = 5
_RENEWALS_PER_TTL = 3
_PATIENCE_TTLS = 3  # a lease that neither moves nor runs out: the clock of the store stands still

Core = Callable[[SagaInstance], Steps[None]]
Watch = Callable[[SagaEvent], None]


class ResumableSaga(Protocol):
    """A saga type that can be taken up again from what its log holds."""

    @property
    def name(self) -> str:
        """The type, as the log calls it."""

    @property
    def steps(self) -> str:
        """Its steps as text: what a resumed saga must have in common with the one that began."""

    def kind(self, step: str) -> Kind:
        """The kind of a step."""

    def core(self, data: str, policy: RetryPolicy) -> Core:
        """The decisions for one input. Raises CorruptLogError where that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableSaga(Generic[D]):
    """A definition, and how its input is written to the log and read again."""

    definition: SagaDefinition[D]
    write: Callable[[D], str]
    read: Callable[[str], D]

    @property
    def name(self) -> str:
        """As the protocol says."""
        return self.definition.name

    @property
    def steps(self) -> str:
        """As the protocol says."""
        return ", ".join(f"{step.name} ({step.kind})" for step in self.definition.steps)

    def kind(self, step: str) -> Kind:
        """As the protocol says."""
        return next(one.kind for one in self.definition.steps if one.name == step)

    def core(self, data: str, policy: RetryPolicy) -> Core:
        """As the protocol says."""
        try:
            read = self.read(data)
        except ValueError as error:
            raise CorruptLogError(f"input of a saga {self.name!r}: found {data!r:.200}, {error}") from error
        return lambda instance: run_saga(self.definition, read, instance, policy)


@dataclass(slots=True)
class Wish:
    """What the caller of a running saga still wants: that it is done, or that it is taken back."""

    turn_back: bool = False


def folded(record: SagaRecord, texts: Iterable[str]) -> SagaInstance:
    """Where a saga stands. Raises CorruptLogError for an entry that is no event of it."""
    instance = SagaInstance(saga_id=record.saga_id, saga_type=record.saga_type)
    for seq, text in enumerate(texts, start=1):
        event = decode(text, saga_id=record.saga_id, seq=seq)
        if event.saga_id != record.saga_id or isinstance(event, SagaStarted) != (seq == 1):
            raise CorruptLogError(f"log of saga {record.saga_id!r}, entry {seq}: {event!r} is out of place")
        instance.apply(event)
    return instance


def execute(
    log: SagaLog,
    saga: ResumableSaga,
    record: SagaRecord,
    policy: RetryPolicy,
    ttl_s: float,
    wish: Wish,
    watch: Watch,
) -> Steps[None]:
    """Bring a saga to its end, unless another executor does, or takes over. watch: told what was kept."""
    core = saga.core(record.data, policy)
    lease = yield from _take(log, record.saga_id, ttl_s)
    if lease is None:
        return
    texts = log.read(record.saga_id)
    execution = _Execution(
        log=log,
        saga=saga,
        lease=lease,
        ttl_s=ttl_s,
        wish=wish,
        watch=watch,
        instance=folded(record, texts),
        kept=len(texts),
    )
    try:
        yield from execution.to_the_end(core)
    except LeaseLostError:
        return
    log.release(lease)


def _take(log: SagaLog, saga_id: str, ttl_s: float) -> Steps[Lease | None]:
    owner = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(8).hex()}"
    first = log.acquire(saga_id, owner, ttl_s)
    if isinstance(first, Lease):
        return first
    for _ in range(_PATIENCE_TTLS * _POLLS_PER_TTL):
        yield Sleep(seconds=ttl_s / _POLLS_PER_TTL)
        found = log.acquire(saga_id, owner, ttl_s)
        if isinstance(found, Lease):
            return found
        if found != first:
            return None
    return None


@dataclass(slots=True, kw_only=True)
class _Execution:
    log: SagaLog
    saga: ResumableSaga
    lease: Lease
    ttl_s: float
    wish: Wish
    watch: Watch
    instance: SagaInstance
    kept: int
    held_for_sure: bool = True
    perhaps_sent: set[str] = field(default_factory=set)

    def to_the_end(self, core: Core) -> Steps[None]:
        self.perhaps_sent |= {
            step for step, progress in self.instance.progress.items() if progress is Progress.STARTED
        }
        steps, reply = core(self.instance), None
        while True:
            try:
                command = steps.send(reply)
            except StopIteration:
                return
            reply = None
            match command:
                case Emit():
                    self._append(command.event)
                case Sleep():
                    yield from self._sleep(command.seconds)
                case Send() if self._may_abort():
                    steps.close()
                    self._turn_back()
                    steps = core(self.instance)
                case Send():
                    reply = yield from self._send(command)

    def _append(self, event: SagaEvent) -> None:
        entry = Entry(
            seq=self.kept + 1, event=encode(event), ends=isinstance(event, SagaCompleted | SagaFailed)
        )
        self.log.append(self.lease, entry, self.ttl_s)
        self.kept += 1
        self.watch(event)
        self.held_for_sure = True

    def _send(self, command: Send) -> Steps[Reply | None]:
        self._check()
        if self._forward_step is not None:
            self.perhaps_sent.add(self._forward_step)
        reply: Reply | None = yield command
        self.held_for_sure = False
        return reply

    def _sleep(self, seconds: float) -> Steps[None]:
        slice_s = self.ttl_s / _RENEWALS_PER_TTL
        while seconds > slice_s:
            yield Sleep(seconds=slice_s)
            seconds -= slice_s
            self.log.renew(self.lease, self.ttl_s)
        yield Sleep(seconds=seconds)
        self.held_for_sure = False

    def _check(self) -> None:
        """Time passes only while waiting: right after an append there is nothing to check."""
        if not self.held_for_sure:
            self.log.renew(self.lease, self.ttl_s)
            self.held_for_sure = True

    # Turning back -----------------------------------------------------------------------------

    @property
    def _forward_step(self) -> str | None:
        """The step under way, while the saga goes forward."""
        step = self.instance.current_step
        forward = self.instance.state is SagaState.RUNNING
        return (
            step
            if forward and step is not None and self.instance.progress[step] is Progress.STARTED
            else None
        )

    def _may_abort(self) -> bool:
        """Asked to, and before the point of no return: nothing but a pivot never sent is undecided."""
        step = self._forward_step
        if not self.wish.turn_back or step is None:
            return False
        kind = self.saga.kind(step)
        return kind is Kind.COMPENSABLE or (kind is Kind.PIVOT and step not in self.perhaps_sent)

    def _turn_back(self) -> None:
        step = self._forward_step
        assert step is not None
        event = StepFailed(
            saga_id=self.instance.saga_id,
            step=step,
            error=f"{step}: cancelled by the caller",
            in_doubt=step in self.perhaps_sent,
        )
        self._append(event)
        self.instance.apply(event)
