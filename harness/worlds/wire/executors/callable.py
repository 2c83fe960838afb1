"""Executors that are calls of a function in this process, one after the other.

Owns cancelling, the one process fault that needs no process. A plan with another one is handed to
`hosted`. Refuses to know how the function is called, and its event loop (`function_calls`).
"""

from __future__ import annotations

import asyncio

import httpx

from harness.adapter import CallableSaga, Returned, SagaAdapter, SagaContext
from harness.clock.errors import SagaHung
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import UsageError
from harness.lifecycle import (
    Began,
    BoundaryReached,
    Cancel,
    Command,
    ExecutorFinished,
    Fact,
    Lifecycle,
    RecordEnd,
    RecordProcessFault,
    Start,
    StartDue,
    StartLater,
    TimeUp,
    WentQuiet,
)
from harness.process_faults import ProcessFault
from harness.worlds.bounds import MOST_RECALLS, RESUME_AFTER_S
from harness.worlds.wire.due import DueFault
from harness.worlds.wire.executors.function_calls import Cancelled, TimedOut, calls_for
from harness.worlds.wire.executors.stage import Executors, Stage
from harness.worlds.wire.run_signals import RunOver
from harness.worlds.wire.threads_left import Threads

QUIET_POLL_S = 0.002


def make(saga: SagaAdapter, stage: Stage) -> Executors:
    """In this process."""
    assert isinstance(saga, CallableSaga)
    _refuse_a_running_loop(stage)
    return InProcess(saga, stage)


class InProcess:
    """One executor after the other."""

    def __init__(self, saga: CallableSaga, stage: Stage) -> None:
        self._stage = stage
        traffic = stage.traffic
        self._threads = Threads()
        self._calls = calls_for(saga, lambda: (traffic.number, traffic.executors.latest), stage.loops)
        self._lifecycle = Lifecycle(resume_after_s=RESUME_AFTER_S, most_recalls=MOST_RECALLS)
        traffic.executors.inject_with(self._inject)

    @property
    def last_word(self) -> Returned:
        return self._lifecycle.last_word

    def run(self) -> None:
        self._carry_out(self._handle(Began()))

    def call_again(self) -> bool:
        commands = self._handle(WentQuiet())
        self._carry_out(commands)
        return bool(commands)

    def interrupt(self) -> None:
        self._calls.interrupt()

    def run_on(self, until_s: float) -> None:
        self._calls.run_on(until_s)
        while self._threads.left() and monotonic_s() < until_s and self._stage.traffic.signals.over is None:
            sleep_s(QUIET_POLL_S)

    def left(self) -> list[str]:
        return [f"thread {name}" for name in self._threads.left()]

    def close(self) -> None:
        self._calls.close()

    # Facts and commands -----------------------------------------------------------------------

    def _handle(self, fact: Fact) -> tuple[Command, ...]:
        with self._stage.traffic.lock:
            return self._lifecycle.handle(fact)

    def _carry_out(self, commands: tuple[Command, ...], due: DueFault | None = None) -> None:
        for command in commands:
            match command:
                case Start():
                    self._call(command)
                case StartLater():
                    sleep_s(command.after_s)
                    self._carry_out(self._handle(StartDue(ticket=command.ticket)))
                case RecordEnd():
                    self._stage.ended(command)
                case RecordProcessFault():
                    assert due is not None, "only what was due is recorded"
                    due.record()
                case Cancel():
                    self._calls.cancel()
                case _:
                    raise AssertionError(f"found {command}, expected what one function at a time can do")

    def _inject(self, due: DueFault) -> bool:
        """On the servers' loop, under the lock. No process can die here: a plan with that is `hosted`."""
        reached = BoundaryReached(
            executor=due.executor,
            struck=due.struck,
            reachable=due.struck.fault is ProcessFault.CANCEL and self._calls.cancellable,
        )
        commands = self._handle(reached)
        if commands and due.first is not None:
            due.first()
        self._carry_out(commands, due)
        return bool(commands)

    def _call(self, start: Start) -> None:
        self._stage.started(start)
        returned, cancelled = Returned(), False
        try:
            returned, timed_out = self._outcome(resumed=start.resumed)
            if timed_out:
                self._handle(TimeUp(problem=returned.problem or self._stage.late))
        except Cancelled:
            cancelled = True
        self._carry_out(
            self._handle(ExecutorFinished(executor=start.executor, returned=returned, cancelled=cancelled))
        )

    def _outcome(self, *, resumed: bool) -> tuple[Returned, bool]:
        stage = self._stage
        try:
            returned = self._calls.call(
                lambda client: self._context(client, resumed=resumed), stage.input, stage.deadline_s
            )
        except (TimedOut, SagaHung) as end:
            return Returned(problem=stage.late_at(end)), True
        except RunOver as over:
            return Returned(problem=str(over)), True
        if stage.traffic.signals.over is not None:  # a saga that swallowed its end has ended all the same
            return Returned(problem=stage.traffic.signals.over), True
        if not stage.in_time():
            return Returned(problem=stage.late), True
        return returned, False

    def _context(self, client: httpx.AsyncClient | httpx.Client, *, resumed: bool) -> SagaContext:
        stage = self._stage
        bus = stage.traffic.bus
        return SagaContext(
            saga_id=stage.saga_id,
            urls=stage.urls(1),
            client=client,
            resumed=resumed,
            make_store=lambda: stage.store_dir,
            inbox=None if bus is None else bus.inbox(stage.saga_id, resumed=resumed),
        )


def _refuse_a_running_loop(stage: Stage) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        f"scenario {stage.scenario.name!r}: found a running event loop on this thread, expected none: a wire "
        "run waits in real time and would block it"
    )
