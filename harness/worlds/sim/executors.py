"""One call of the saga, in virtual time: what it is given, how it is driven, what it came to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.adapter import CallableSaga, Returned, SagaContext, read_outcome
from harness.adapter.outcome import read_failure
from harness.clock import DeadLock, Scheduler, VirtualLoop
from harness.saga import Json
from harness.worlds.sim.changes import Gap
from harness.worlds.sim.crew import Member, RunOver
from harness.worlds.sim.exchange import Exchange
from harness.worlds.sim.store import Store


@dataclass(eq=False, slots=True, kw_only=True)
class Executor:
    """What is known of one. `relieves`: the frozen one in whose place it runs; `again`: how often it may.

    held: what it came to, where it was frozen as it ended.
    gap: between which of its calls it is; None where a call is under way, or nobody asks.
    """

    number: int
    node: int
    store: Store
    resumed: bool = False
    relieves: Executor | None = None
    again: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    member: Member | None = None
    loop: VirtualLoop | None = None
    task: asyncio.Task[Any] | None = None
    cancelled: bool = False
    cancelled_out: bool = False
    killed: bool = False
    frozen: bool = False
    ended: bool = False
    held: Returned | None = None
    gap: Gap | None = None

    @property
    def alive(self) -> bool:
        """Neither ended nor killed."""
        return not self.ended and not self.killed

    @property
    def unfinished(self) -> bool:
        """Whether tasks outlived its return."""
        return not self.killed and self.loop is not None and bool(self.loop.unfinished())

    def call(
        self, saga: CallableSaga, make_context: Callable[[], SagaContext], input_: Json, scheduler: Scheduler
    ) -> Returned:
        """To its end. Whatever a saga raises is what it came to."""
        try:
            if saga.asynchronous:
                return read_outcome(self._drive(saga, make_context(), input_, scheduler))
            return read_outcome(saga.function(make_context(), input_))
        except (RunOver, DeadLock) as end:
            return Returned(problem=str(end))
        except asyncio.CancelledError as error:
            self.cancelled_out = self.cancelled
            return Returned() if self.cancelled else read_failure(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a finding
            return read_failure(error)

    def _drive(self, saga: CallableSaga, context: SagaContext, input_: Json, scheduler: Scheduler) -> object:
        self.loop = VirtualLoop(scheduler)
        coroutine: Any = saga.function(context, input_)
        self.task = self.loop.create_task(coroutine)
        self.loop.drive(self.task)
        return self.task.result()

    def run_on(self) -> None:
        """What outlived the return, to its end."""
        try:
            while self.loop is not None and (tasks := self.loop.unfinished()):
                self.loop.drive(tasks[0])
        except (RunOver, DeadLock):
            return
