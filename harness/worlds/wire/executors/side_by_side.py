"""Several sagas in one run, side by side before the same participants: one executor each, on its own thread.

Coroutines are tasks of one event loop, and their threads wait for them (`shared_loop`).

For load, and for what sagas do to each other. Owns when each starts and what it said. Refuses process
faults: where one dies, freezes or moves, all are processes (`side_by_side_processes`). An executor has the
number of its saga.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import httpx

from harness.adapter import CallableSaga, Returned, SagaAdapter, SagaContext
from harness.adapter.http import HttpSaga, Restart
from harness.adapter.subprocess import SubprocessSaga
from harness.clock.errors import SagaHung
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import SagaChaosError, UsageError, misplaced
from harness.lifecycle import RecordEnd, Start
from harness.worlds.wire.executors.command import Commands, RunningCommand
from harness.worlds.wire.executors.function_calls import Calls, Cancelled, PlainCalls, TimedOut
from harness.worlds.wire.executors.running import Place
from harness.worlds.wire.executors.service import Asking, Service
from harness.worlds.wire.executors.service_process import ServiceProcess
from harness.worlds.wire.executors.shared_loop import SharedCalls, SharedLoop
from harness.worlds.wire.executors.stage import Stage
from harness.worlds.wire.executors.supervisor import QUIET_S
from harness.worlds.wire.run_signals import RunOver

ENDPOINT_SET = 1
POLL_S = 0.001
LATE_S = 1.0
"""What a thread may take beyond the saga's time before it is left to itself."""


class Caller(Protocol):
    """Calls one saga, on a thread of its own."""

    def call(self) -> tuple[Returned, bool]:
        """What it said, and whether its time was up."""

    def interrupt(self) -> None:
        """From any thread: it has to end."""

    def run_on(self, until_s: float) -> None:
        """Let what outlived the return go on."""

    def left(self) -> list[str]:
        """What still works then, as far as that is known."""

    def close(self) -> None:
        """End what is left."""


@dataclass(slots=True, eq=False)
class _Member:
    """One saga of the run. number: from 1."""

    number: int
    stage: Stage
    at_s: float
    caller: Caller
    returned: Returned | None = None


class SideBySide:
    """Satisfies `Executors`. stages, at_s: of each saga; when it starts, in seconds from the first one's."""

    def __init__(self, saga: SagaAdapter, stages: Sequence[Stage], at_s: Sequence[float]) -> None:
        """Raises UsageError for a saga that cannot run beside others."""
        self._traffic = stages[0].traffic
        self._deadline_s = stages[0].deadline_s
        make, self._give_back = _callers(saga, stages)
        self._members = [
            _Member(number, stage, at, make(number, stage))
            for number, (stage, at) in enumerate(zip(stages, at_s, strict=True), 1)
        ]
        self._error: SagaChaosError | None = None
        self._traffic.executors.one_each()

    @property
    def last_word(self) -> Returned:
        """The first one's: there is no last."""
        return self._members[0].returned or Returned()

    def run(self) -> None:
        """All of them, to their ends. Raises SagaChaosError where one cannot be called at all."""
        began_s = monotonic_s()
        door = self._traffic.door
        if door is not None:
            door.open()
        threads = [
            threading.Thread(target=self._work, args=(one, began_s), name=f"saga-{one.number}", daemon=True)
            for one in self._members
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and monotonic_s() < self._deadline_s() + LATE_S:
                thread.join(POLL_S * 10)
        for one in self._members:
            if one.returned is None and self._error is None:
                self._ended(one, Returned(problem=one.stage.late), timed_out=True)
        if self._error is not None:
            raise self._error

    def call_again(self) -> bool:
        """Nobody: one that said `running` is not done, and that is its outcome."""
        return False

    def interrupt(self) -> None:
        for one in self._members:
            one.caller.interrupt()

    def run_on(self, until_s: float) -> None:
        for one in self._members:
            one.caller.run_on(until_s)

    def left(self) -> list[str]:
        """Of commands; of functions it is not known: the threads of one are those of all."""
        return [told for one in self._members for told in one.caller.left()]

    def close(self) -> None:
        for one in self._members:
            one.caller.close()
        said = [one.returned for one in self._members]
        self._give_back(all(one is not None and one.problem is None for one in said))

    # On their threads -------------------------------------------------------------------------

    def _work(self, one: _Member, began_s: float) -> None:
        door = self._traffic.door
        if door is not None:
            door.begins(one.number)
        while (left_s := began_s + one.at_s - monotonic_s()) > 0:
            sleep_s(left_s)
        one.stage.started(Start(executor=one.number, node=1, store=one.number, resumed=False))
        try:
            returned, timed_out = one.caller.call()
        except SagaChaosError as error:
            self._error = self._error or error
            if door is not None:
                door.heal()
            return
        self._ended(one, returned, timed_out=timed_out)
        if door is not None:
            door.left(one.number)

    def _ended(self, one: _Member, returned: Returned, *, timed_out: bool) -> None:
        with self._traffic.lock:
            if one.returned is None:
                one.returned = returned
                one.stage.ended(RecordEnd(executor=one.number, returned=returned, timed_out=timed_out))


_GiveBack = Callable[[bool], object]


def _callers(saga: SagaAdapter, stages: Sequence[Stage]) -> tuple[Callable[[int, Stage], Caller], _GiveBack]:
    """What calls each saga, and what is done when all have ended."""
    if isinstance(saga, CallableSaga) and saga.asynchronous:
        shared = SharedLoop(stages[0].loops)
        return lambda number, stage: _Function(saga, number, stage, shared), lambda _: shared.close()
    if isinstance(saga, CallableSaga):
        return lambda number, stage: _Function(saga, number, stage), bool
    if isinstance(saga, HttpSaga) and not saga.fields.made_id:
        services, calls = stages[0].services, stages[0].traffic.calls
        process = services.lend(replace(saga, restart=Restart.WHEN_KILLED), stages[0].process_urls)
        return (
            lambda number, stage: _Request(saga, number, stage, process),
            lambda fit: services.give_back(fit=fit, leftovers=lambda: calls.leftovers),
        )
    if isinstance(saga, SubprocessSaga):
        return lambda number, stage: _Process(saga, number, stage), bool
    where = f"scenario {stages[0].scenario.name!r}, {len(stages)} sagas side by side on the wire"
    found = "a service that makes its own ids" if isinstance(saga, HttpSaga) else type(saga).__name__
    expected = "a callable, a command, or a service that takes our ids; or one saga"
    raise UsageError(misplaced(where, found, expected))


class _Function:
    """A call of a function."""

    def __init__(
        self, saga: CallableSaga, number: int, stage: Stage, shared: SharedLoop | None = None
    ) -> None:
        self._stage = stage

        def mark() -> tuple[int, int]:
            return stage.traffic.number, number

        self._calls: Calls = PlainCalls(saga, mark) if shared is None else SharedCalls(saga, mark, shared)

    def call(self) -> tuple[Returned, bool]:
        stage = self._stage
        try:
            return self._calls.call(self._context, stage.input, stage.deadline_s), False
        except (TimedOut, SagaHung, Cancelled) as end:
            return Returned(problem=stage.late_at(end)), True
        except RunOver as over:
            return Returned(problem=str(over)), True

    def _context(self, client: httpx.AsyncClient | httpx.Client) -> SagaContext:
        stage = self._stage
        bus = stage.traffic.bus
        return SagaContext(
            saga_id=stage.saga_id,
            urls=stage.urls(ENDPOINT_SET),
            client=client,
            resumed=False,
            make_store=lambda: stage.store_dir,
            inbox=None if bus is None else bus.inbox(stage.saga_id, resumed=False),
        )

    def interrupt(self) -> None:
        self._calls.interrupt()

    def run_on(self, until_s: float) -> None:
        self._calls.run_on(until_s)

    def left(self) -> list[str]:
        return []

    def close(self) -> None:
        self._calls.close()


class _Process:
    """A command, with a store of its own."""

    def __init__(self, saga: SubprocessSaga, number: int, stage: Stage) -> None:
        self._stage = stage
        self._commands = Commands(stage, line=saga.command, cwd=saga.cwd, env=saga.env)
        self._place = Place(executor=number, endpoint_set=ENDPOINT_SET, node=1, resumed=False)
        self._running: RunningCommand | None = None

    def call(self) -> tuple[Returned, bool]:
        running = self._running = self._commands.start(self._place)
        while (returned := running.returned()) is None:
            if not self._stage.in_time() or self._stage.traffic.signals.over is not None:
                running.kill()
                return Returned(problem=self._stage.traffic.signals.over or self._stage.late), True
            sleep_s(POLL_S)
        return returned, False

    def interrupt(self) -> None:
        """It looks for itself."""

    def run_on(self, until_s: float) -> None:
        self._stage.until_quiet(QUIET_S, until_s, self.left)

    def left(self) -> list[str]:
        return [] if self._running is None else [f"process {one}" for one in self._running.left()]

    def close(self) -> None:
        if self._running is not None:
            self._running.reap()


class _Request:
    """A saga asked for at a service that all of them share."""

    def __init__(self, saga: HttpSaga, number: int, stage: Stage, process: ServiceProcess) -> None:
        self._stage = stage
        self._service = Service(saga, stage, shared=process)
        self._place = Place(executor=number, endpoint_set=ENDPOINT_SET, node=1, resumed=False)
        self._asking: Asking | None = None

    def call(self) -> tuple[Returned, bool]:
        self._asking = self._service.start(self._place)
        while (returned := self._asking.returned()) is None:
            if not self._stage.in_time() or self._stage.traffic.signals.over is not None:
                return Returned(problem=self._stage.traffic.signals.over or self._stage.late), True
            sleep_s(POLL_S)
        return returned, False

    def interrupt(self) -> None:
        """It looks for itself."""

    def run_on(self, until_s: float) -> None:
        self._service.run_on(until_s)

    def left(self) -> list[str]:
        return []

    def close(self) -> None:
        if self._asking is not None:
            self._asking.reap()
