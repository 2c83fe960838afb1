"""One call of the saga, in virtual time: what it is given, how it is driven, its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.adapter import CallableSaga, Returned, SagaContext, read_outcome
from harness.adapter.outcome import read_failure
from harness.adapter.whereabouts import stands_at, waits_at
from harness.clock import DeadLock, Scheduler, VirtualLoop
from harness.saga import Json
from harness.worlds.sim.exchange import UnderWay
from harness.worlds.sim.greenlets import Member, RunOver
from harness.worlds.sim.sagas import RunningSaga
from harness.worlds.sim.store import Store


@dataclass(eq=False, slots=True, kw_only=True)
class Executor:
    """How one is called and what it is at. Its state is known to `harness.lifecycle`.

    cancelled: it was asked to end; cancelled_out: that is what came out of it. at: where it waited when its
    time was up. beside: plain handlers that run beside its loop.
    """

    number: int
    saga: RunningSaga
    node: int
    store: Store
    resumed: bool = False
    exchanges: list[UnderWay] = field(default_factory=list)
    member: Member | None = None
    beside: list[Member] = field(default_factory=list)
    loop: VirtualLoop | None = None
    task: asyncio.Task[Any] | None = None
    cancelled: bool = False
    cancelled_out: bool = False
    at: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether tasks outlived its return."""
        return self.loop is not None and bool(self.loop.unfinished())

    def members(self, running: Member | None) -> list[Member]:
        """All of it that runs or stands somewhere; last the one that runs just now."""
        assert self.member is not None
        return sorted((self.member, *self.beside), key=lambda one: one is running)

    def where(self) -> str:
        """The line at which it waits."""
        frame = None if self.member is None else self.member.at.gr_frame
        return stands_at(self.task, frame) or "an unknown line"

    def cancel(self) -> None:
        """As its caller would."""
        assert self.task is not None, "a plain function cannot be cancelled"
        self.cancelled = True
        self.task.cancel()

    def call(
        self, saga: CallableSaga, make_context: Callable[[], SagaContext], input_: Json, scheduler: Scheduler
    ) -> Returned:
        """To its end. Whatever a saga raises is its result."""
        try:
            if saga.asynchronous:
                return read_outcome(self._drive(saga, make_context(), input_, scheduler))
            return read_outcome(saga.function(make_context(), input_))
        except (RunOver, DeadLock) as end:
            self.at = waits_at(end, () if self.loop is None else self.loop.unfinished())
            return Returned(problem=str(end))
        except asyncio.CancelledError as error:
            self.cancelled_out = self.cancelled
            return Returned() if self.cancelled else read_failure(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a finding
            return read_failure(error)

    def _drive(self, saga: CallableSaga, context: SagaContext, input_: Json, scheduler: Scheduler) -> object:
        self.loop = VirtualLoop(scheduler)
        self.loop.of_the_process = True
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
