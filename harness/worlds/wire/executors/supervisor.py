"""Executors that are processes: reports facts to the lifecycle, and carries out its commands.

A process fault is injected on the servers' loop, at the very moment at which a participant sees its
boundary; the main thread does what takes time: it buries, starts, and hears who has ended. Refuses to
decide who is struck, who succeeds whom and who wakes whom (`harness.lifecycle`), and to know what an
executor is (a command, a call of a service): a `Starter` does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from harness.adapter import Returned
from harness.clock.real import monotonic_s
from harness.errors import SagaChaosError
from harness.lifecycle import (
    AbandonCalls,
    Began,
    BoundaryReached,
    Cancel,
    Command,
    CopyStore,
    ExecutorFinished,
    ExecutorState,
    Fact,
    Freeze,
    Kill,
    Lifecycle,
    RecordEnd,
    RecordProcessFault,
    RecordWake,
    SettlingBegan,
    Start,
    StartDue,
    StartLater,
    StopAll,
    TimeUp,
    Wake,
    WentQuiet,
)
from harness.process_faults import ProcessFault
from harness.processes import Watch
from harness.worlds.bounds import MOST_RECALLS, RESUME_AFTER_S
from harness.worlds.wire.due import DueFault
from harness.worlds.wire.executors.running import Place, Running, Starter
from harness.worlds.wire.executors.stage import Stage

QUIET_S = 2.0
"""A child that outlives its executor and makes no call for so long has been left behind."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Process:
    """One executor that was started. `killed`: by us, so what it leaves behind is nobody's fault."""

    place: Place
    running: Running
    killed: bool = False

    def fileno(self) -> int | None:
        return self.running.fileno()


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """What the supervisors of one run share. starting: held by whoever takes an endpoint set."""

    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    starting: threading.Lock = field(default_factory=threading.Lock)


class Supervisor:
    """The executors of one saga. All its state is touched under the lock of the traffic."""

    def __init__(self, stage: Stage, starter: Starter, among: Among | None = None) -> None:
        self._stage = stage
        self._among = among or Among()
        self._starter = starter
        self._traffic = stage.traffic
        self._watch = Watch()
        self._lifecycle = Lifecycle(
            resume_after_s=RESUME_AFTER_S, most_recalls=MOST_RECALLS, numbers=self._among.numbers
        )
        self._live: dict[int, _Process] = {}  # by executor; neither ended nor killed
        self._gone: list[_Process] = []
        self._unburied: list[_Process] = []
        self._due: list[tuple[float, int]] = []  # when, and the ticket of the start
        self._traffic.executors.separate()
        self._traffic.executors.inject_with(self.inject)
        self._traffic.signals.when_settling(self._watch.wake)

    # What a run asks --------------------------------------------------------------------------

    @property
    def last_word(self) -> Returned:
        return self._lifecycle.last_word

    def run(self) -> None:
        self._start_all(Began())
        self._until_quiet()

    def call_again(self) -> bool:
        self._settle()
        if not self._report(WentQuiet()):
            return False
        self._until_quiet()
        return True

    def interrupt(self) -> None:
        self._watch.wake()

    def run_on(self, until_s: float) -> None:
        self._starter.run_on(until_s)
        self._stage.until_quiet(QUIET_S, until_s, self.left)

    def left(self) -> list[str]:
        ended = [process for process in self._gone if not process.killed]
        return [f"process {marked}" for process in ended for marked in process.running.left()]

    def close(self) -> None:
        with self._traffic.lock:
            self._traffic.executors.inject_with(None)
            everyone = [*self._live.values(), *self._gone]
        for process in everyone:
            process.running.kill()
        for process in everyone:
            process.running.reap()
        self._starter.close()
        self._watch.close()

    # Facts ------------------------------------------------------------------------------------

    def inject(self, due: DueFault) -> bool:
        """On the servers' loop, under the lock; whether the fault was injected: it may be another one's."""
        process = self._live.get(due.executor)
        if process is None:
            return False
        reached = BoundaryReached(
            executor=due.executor, struck=due.struck, reachable=_reaches(due.struck.fault, process.running)
        )
        return self._report(reached, due)

    def _report(self, fact: Fact, due: DueFault | None = None) -> bool:
        """Whether anything came of it."""
        with self._traffic.lock:
            commands = self._lifecycle.handle(fact)
            if commands and due is not None and due.first is not None:
                due.first()
            for command in commands:
                self._carry_out(command, due)
        return bool(commands)

    def _start_all(self, fact: Began | StartDue) -> None:
        """On the main thread and without the lock, which whoever sets up addresses may need."""
        with self._traffic.lock:
            commands = self._lifecycle.handle(fact)
        for command in commands:
            assert isinstance(command, Start), f"found {command}, expected a start"
            self._start(command)

    def _until_quiet(self) -> None:
        """Until nobody is alive or due."""
        while self._lifecycle.busy:
            self._watch.wait(list(self._awaited()), self._next_s())
            if self._traffic.signals.over is not None or not self._stage.in_time():
                self._time_up()
                break
            self._bury_killed()
            self._hear_ends()
            self._report_due()
            self._settle()

    def _time_up(self) -> None:
        over = self._traffic.signals.over
        with self._traffic.lock:
            at = {executor: process.running.at for executor, process in self._live.items()}
            self._report(TimeUp(problem=self._stage.late if over is None else over))
            for executor in self._lifecycle.alive():
                told = at.get(executor) or ""
                self._report(ExecutorFinished(executor=executor, returned=Returned(), at=told))

    def _hear_ends(self) -> None:
        for process in self._awaited():
            returned = process.running.returned()
            if returned is not None:
                self._finished(process, returned)

    def _finished(self, process: _Process, returned: Returned) -> None:
        executor = process.place.executor
        with self._traffic.lock:
            running = self._lifecycle.state(executor) is ExecutorState.RUNNING
            due = self._traffic.times.ended(executor) if running else None
            finished = ExecutorFinished(
                executor=executor,
                returned=returned,
                cancelled=process.running.cancelled,
                struck=None if due is None else due.struck,
            )
            self._report(finished, due)

    def _report_due(self) -> None:
        now_s = monotonic_s()
        with self._traffic.lock:
            due = [ticket for at_s, ticket in self._due if at_s <= now_s]
            self._due = [one for one in self._due if one[1] not in due]
        for ticket in due:
            self._start_all(StartDue(ticket=ticket))

    def _settle(self) -> None:
        """Once every fault has healed."""
        if self._traffic.signals.settling and self._lifecycle.injecting:
            self._report(SettlingBegan())

    # Commands, under the lock -----------------------------------------------------------------

    def _carry_out(self, command: Command, due: DueFault | None) -> None:
        match command:
            case StartLater():
                self._due.append((monotonic_s() + command.after_s, command.ticket))
                self._watch.wake()
            case CopyStore():
                pass  # whoever was killed is gone before the next one starts: that one has the folder itself
            case StopAll():
                self._due.clear()
                for process in tuple(self._live.values()):
                    self._kill(process)
            case AbandonCalls():
                self._traffic.calls.abandon(command.executor)
            case RecordProcessFault() | RecordEnd() | RecordWake():
                self._record(command, due)
            case Kill() | Freeze() | Wake() | Cancel():
                self._signal(command, self._live[command.executor])
            case Start():
                raise AssertionError("nobody is started under the lock")

    def _record(self, command: RecordProcessFault | RecordEnd | RecordWake, due: DueFault | None) -> None:
        match command:
            case RecordProcessFault():
                assert due is not None, "only what was due is recorded"
                due.record()
                if command.restarts:
                    self._traffic.injector.restarted()
                    self._traffic.executors.tell_restarted(due.struck.call)
            case RecordEnd():
                self._end(command)
            case RecordWake():
                self._stage.woken(command)

    def _signal(self, command: Kill | Freeze | Wake | Cancel, process: _Process) -> None:
        match command:
            case Kill():
                self._kill(process)
            case Freeze():
                try:
                    process.running.freeze()
                except SagaChaosError as fault:
                    self._traffic.signals.abort(fault)
            case Wake():
                process.running.wake()
            case Cancel():
                process.running.cancel()

    def _kill(self, process: _Process) -> None:
        process.running.kill()
        process.killed = True
        self._leave(process)
        self._unburied.append(process)
        self._traffic.executors.killed(process.place.executor)
        self._watch.wake()

    def _leave(self, process: _Process) -> None:
        del self._live[process.place.executor]
        self._gone.append(process)

    def _end(self, command: RecordEnd) -> None:
        self._stage.ended(command)
        process = self._live.get(command.executor)
        if process is not None:  # else it was killed as the run was over
            self._leave(process)
            self._traffic.executors.ended(command.executor)

    # Starting ---------------------------------------------------------------------------------

    def _start(self, command: Start) -> None:
        with self._among.starting:
            self._start_alone(command)

    def _start_alone(self, command: Start) -> None:
        endpoint_set = self._starter.endpoint_set or self._traffic.executors.free_endpoint_set(
            command.elsewhere
        )
        self._stage.urls(endpoint_set)  # its proxies are there before anybody begins
        place = Place(
            executor=command.executor, endpoint_set=endpoint_set, node=command.node, resumed=command.resumed
        )
        with self._traffic.lock:
            self._stage.started(command)
            self._traffic.executors.settled_in(place.executor, place.endpoint_set)
            # Within the lock: its first call may be there before this returns.
            process = _Process(place=place, running=self._starter.start(place))
            self._live[place.executor] = process

    # Waiting ----------------------------------------------------------------------------------

    def _awaited(self) -> list[_Process]:
        """Those whose end would tell something; who finished as it was frozen has said its word."""
        with self._traffic.lock:
            return [
                process
                for executor, process in self._live.items()
                if self._lifecycle.state(executor) is not ExecutorState.FINISHED_FROZEN
            ]

    def _next_s(self) -> float:
        with self._traffic.lock:
            return min([self._stage.deadline_s(), *(at_s for at_s, _ in self._due)])

    def _bury_killed(self) -> None:
        """Nothing of them is left when the next one starts."""
        with self._traffic.lock:
            unburied, self._unburied = self._unburied, []
        for process in unburied:
            process.running.reap()


def _reaches(fault: ProcessFault, running: Running) -> bool:
    """Whether it can be done to a process: what a child of one that has ended still sends outlives it."""
    return not running.over() and (fault is not ProcessFault.CANCEL or running.cancellable)
