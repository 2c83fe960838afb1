"""The state machine of one run's executors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from harness.adapter import Returned
from harness.lifecycle.commands import (
    AbandonCalls,
    Cancel,
    Command,
    CopyStore,
    Freeze,
    Kill,
    RecordEnd,
    RecordProcessFault,
    RecordWake,
    Start,
    StartLater,
    StopAll,
    Wake,
)
from harness.lifecycle.executors import Executor, PlannedStart
from harness.lifecycle.facts import (
    Began,
    BoundaryReached,
    ExecutorFinished,
    Fact,
    SettlingBegan,
    StartDue,
    Struck,
    TimeUp,
    WentQuiet,
)
from harness.lifecycle.states import ExecutorState, IllegalTransition, check_transition
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Status

MOST_DEATHS_AT_START = 20
"""Executors in a row that die before their first request; the next one starts when every fault heals.

What a saga does then it has done twenty times. At ten resumes a second the rest would be thousands of them
that do the same, and would take minutes of real time.
"""


class Lifecycle:
    """Of one saga. Handles facts one by one.

    A process fault with no executor left to strike yields no command.

    resume_after_s: from the end or the death of an executor to the start of the next.
    numbers: where executors get their numbers from; sagas of one run share it. None: from 1.
    most_recalls: how often a standby that answers `running` is called again before the frozen one wakes.
    """

    def __init__(
        self, *, resume_after_s: float, most_recalls: int, numbers: Iterator[int] | None = None
    ) -> None:
        self._numbers = count(1) if numbers is None else numbers
        self._resume_after_s = resume_after_s
        self._most_recalls = most_recalls
        self._executors: dict[int, Executor] = {}
        self._alive: dict[int, Executor] = {}
        self._planned: dict[int, PlannedStart] = {}
        self._tickets = 0
        self._stores = 0
        self._deaths_at_start = 0
        self._when_healed: PlannedStart | None = None
        self._settling = False
        self._over: str | None = None
        self._last: Executor | None = None
        self._word = Returned()

    # What a world may ask ---------------------------------------------------------------------

    @property
    def last_word(self) -> Returned:
        """The answer of the executor that ended last; empty before any has."""
        return self._word

    @property
    def busy(self) -> bool:
        """Whether an executor is alive, or due to start."""
        return bool(self._planned or self._alive)

    @property
    def injecting(self) -> bool:
        """Whether process faults are injected: not while settling, nor once the run is over."""
        return not self._settling and self._over is None

    def state(self, executor: int) -> ExecutorState:
        """Raises IllegalTransition for an executor that was never started."""
        return self._executor(executor).state

    def alive(self) -> tuple[int, ...]:
        """Numbers of those that neither ended nor were killed."""
        return tuple(self._alive)

    # What a world reports ---------------------------------------------------------------------

    def handle(self, fact: Fact) -> tuple[Command, ...]:
        """Take a fact in, and answer what is to be done. Raises IllegalTransition for what cannot be."""
        match fact:
            case Began():
                commands = self._begin()
            case BoundaryReached():
                commands = self._inject(self._executor(fact.executor), fact)
            case ExecutorFinished():
                commands = self._finish(self._executor(fact.executor), fact)
            case StartDue():
                commands = self._start_due(fact.ticket)
            case SettlingBegan():
                commands = self._settle()
            case WentQuiet():
                commands = self._call_again()
            case TimeUp():
                commands = self._end_all(fact.problem)
        return commands

    def _begin(self) -> tuple[Command, ...]:
        if self._executors or self._planned:
            raise IllegalTransition("the run began twice")
        if self._over is not None:  # before the time of this saga came
            return ()
        return self._start(PlannedStart(node=1, store=self._new_store(), resumed=False))

    # Starting ---------------------------------------------------------------------------------

    def _start(self, planned: PlannedStart) -> tuple[Command, ...]:
        number = next(self._numbers)
        self._executors[number] = self._alive[number] = Executor(
            number=number,
            node=planned.node,
            store=planned.store,
            standby_for=planned.standby_for,
            recalls=planned.recalls,
        )
        start = Start(
            executor=number,
            node=planned.node,
            store=planned.store,
            resumed=planned.resumed,
            elsewhere=planned.elsewhere,
        )
        return (start,)

    def _later(self, planned: PlannedStart, after_s: float | None = None) -> StartLater:
        self._tickets += 1
        self._planned[self._tickets] = planned
        return StartLater(ticket=self._tickets, after_s=self._resume_after_s if after_s is None else after_s)

    def _start_due(self, ticket: int) -> tuple[Command, ...]:
        if self._over is not None:
            return ()
        planned = self._planned.pop(ticket, None)
        if planned is None:
            raise IllegalTransition(f"start {ticket} is due, and was not planned")
        return self._start(planned)

    # Process faults ---------------------------------------------------------------------------

    def _inject(self, executor: Executor, reached: BoundaryReached) -> tuple[Command, ...]:
        """Not one that ended, died or is frozen, and none once every fault has healed."""
        struck = reached.struck
        if not self.injecting or executor.state is not ExecutorState.RUNNING:
            return ()
        if struck.fault is ProcessFault.START_AGAIN:  # needs nothing of the executor that lives on
            return (_told(executor, struck), self._later(self._twin(executor), 0.0))
        if not reached.reachable:
            return ()
        if struck.fault.kills:
            return self._kill(executor, struck)
        if struck.fault is ProcessFault.FREEZE:
            return self._freeze(executor, struck, kept=None)
        return self._cancel(executor, struck)

    def _kill(self, executor: Executor, struck: Struck) -> tuple[Command, ...]:
        store, copied = self._store_after(executor)
        self._to(executor, ExecutorState.KILLED)
        moved = struck.fault is ProcessFault.MOVE
        successor = PlannedStart(
            node=executor.node + moved,
            store=store,
            resumed=True,
            elsewhere=executor.number if moved else None,
            standby_for=executor.standby_for,
            recalls=executor.recalls,
        )
        starts = self._successors(successor, struck)
        told = (AbandonCalls(executor=executor.number), _told(executor, struck, restarts=True))
        # Last of all, for where the executor runs in the world's own thread it never comes back from it.
        return (*told, *copied, *starts, Kill(executor=executor.number))

    def _successors(self, planned: PlannedStart, struck: Struck) -> tuple[Command, ...]:
        if struck.fault is ProcessFault.RACE:
            return (self._later(planned), self._later(planned))
        self._deaths_at_start = self._deaths_at_start + 1 if struck.boundary is Boundary.STARTED else 0
        if self._deaths_at_start < MOST_DEATHS_AT_START:
            return (self._later(planned),)
        self._when_healed = planned
        return ()

    def _freeze(
        self, executor: Executor, struck: Struck, kept: ExecutorFinished | None
    ) -> tuple[Command, ...]:
        executor.kept = kept
        self._to(executor, ExecutorState.FROZEN if kept is None else ExecutorState.FINISHED_FROZEN)
        standby = PlannedStart(
            node=executor.node, store=executor.store, resumed=True, standby_for=executor.number
        )
        commands: tuple[Command, ...] = (_told(executor, struck), self._later(standby))
        return commands if kept is not None else (*commands, Freeze(executor=executor.number))

    def _cancel(self, executor: Executor, struck: Struck) -> tuple[Command, ...]:
        """At most once: an executor that is cancelled again while it cleans up could never finish."""
        if executor.cancelled:
            return ()
        executor.cancelled = True
        return (_told(executor, struck), Cancel(executor=executor.number))

    def _twin(self, executor: Executor) -> PlannedStart:
        """The same saga once more, not as a resume."""
        return PlannedStart(node=executor.node, store=executor.store, resumed=False)

    def _store_after(self, executor: Executor) -> tuple[int, tuple[Command, ...]]:
        """A copy, out of reach of the dead; but a store that others use, or are due to use, is shared."""
        others = [one.store for one in self._alive.values() if one is not executor]
        others += [one.store for one in self._planned.values()]
        if executor.store in others:
            return executor.store, ()
        target = self._new_store()
        return target, (CopyStore(source=executor.store, target=target),)

    # Ends -------------------------------------------------------------------------------------

    def _finish(self, executor: Executor, finished: ExecutorFinished) -> tuple[Command, ...]:
        if executor.state is ExecutorState.KILLED:
            return ()  # it finished as it was killed: its caller heard nothing
        if executor.state is ExecutorState.FROZEN:
            executor.kept = finished
            self._to(executor, ExecutorState.FINISHED_FROZEN)
            return ()
        if self._over is not None:
            return (self._stop(executor, f"{self._over}: {finished.at}" if finished.at else self._over),)
        struck = finished.struck if self.injecting else None
        if struck is not None and struck.fault.kills:
            return self._kill(executor, struck)
        if struck is not None and struck.fault is ProcessFault.FREEZE:
            return self._freeze(executor, struck, kept=finished)
        return self._record_end(executor, finished, struck)

    def _record_end(
        self, executor: Executor, finished: ExecutorFinished, struck: Struck | None = None
    ) -> tuple[Command, ...]:
        """struck: due now that it has ended. Who has ended is cancelled no more."""
        self._to(executor, ExecutorState.ENDED)
        self._last, self._word = executor, finished.returned
        end = RecordEnd(executor=executor.number, returned=finished.returned, cancelled=finished.cancelled)
        again = struck is not None and struck.fault is ProcessFault.START_AGAIN
        twin = (_told(executor, struck), self._later(self._twin(executor))) if struck and again else ()
        return (end, *twin, *self._after_standby(executor, finished.returned))

    def _stop(self, executor: Executor, problem: str) -> Command:
        """The end of one that is still alive when the run is over: its answer comes too late."""
        self._to(executor, ExecutorState.ENDED)
        return RecordEnd(executor=executor.number, returned=Returned(problem=problem), timed_out=True)

    def _after_standby(self, executor: Executor, returned: Returned) -> tuple[Command, ...]:
        """One that ran in place of a frozen one has ended: call it again, or wake the frozen one."""
        if executor.standby_for is None or not self._executors[executor.standby_for].state.frozen:
            return ()
        frozen = self._executors[executor.standby_for]
        waits = returned.status is Status.RUNNING and returned.problem is None
        if waits and executor.recalls < self._most_recalls and not self._settling:
            again = PlannedStart(
                node=executor.node,
                store=executor.store,
                resumed=True,
                standby_for=frozen.number,
                recalls=executor.recalls + 1,
            )
            return (self._later(again),)
        return () if self._stands_in(frozen) else self._wake(frozen)

    def _stands_in(self, frozen: Executor) -> bool:
        """Whether another executor runs, or is due to run, in place of a frozen one."""
        running = any(one.standby_for == frozen.number for one in self._alive.values())
        return running or any(one.standby_for == frozen.number for one in self._planned.values())

    def _wake(self, executor: Executor) -> tuple[Command, ...]:
        told = RecordWake(executor=executor.number)
        if executor.kept is not None:
            return (told, *self._record_end(executor, executor.kept))
        self._to(executor, ExecutorState.RUNNING)
        return (told, Wake(executor=executor.number))

    # The phases of a run ----------------------------------------------------------------------

    def _settle(self) -> tuple[Command, ...]:
        self._settling = True
        commands: list[Command] = []
        for executor in tuple(self._executors.values()):
            if executor.state.frozen:
                commands += self._wake(executor)
        if self._when_healed is not None:
            commands.append(self._later(self._when_healed))
            self._when_healed = None
        return tuple(commands)

    def _call_again(self) -> tuple[Command, ...]:
        if self.busy:
            raise IllegalTransition("quiet was reported while an executor is alive or due")
        last = self._last
        waits = self._word.status is Status.RUNNING and self._word.problem is None
        if self._over is not None or last is None or not waits:
            return ()
        return (self._later(PlannedStart(node=last.node, store=last.store, resumed=True)),)

    def _end_all(self, problem: str) -> tuple[Command, ...]:
        """Once. Who is alive is ended; one that had finished as it was frozen has nothing left to do."""
        if self._over is not None:
            return ()
        self._over, self._word = problem, Returned(problem=problem)
        self._planned.clear()
        self._when_healed = None
        commands: list[Command] = [StopAll(problem=problem)]
        for executor in self._executors.values():
            if executor.state is ExecutorState.FINISHED_FROZEN:
                commands.append(self._stop(executor, problem))
            elif executor.state.alive:
                self._to(executor, ExecutorState.STOPPING)
        return tuple(commands)

    # ------------------------------------------------------------------------------------------

    def _executor(self, number: int) -> Executor:
        found = self._executors.get(number)
        if found is None:
            raise IllegalTransition(f"executor {number} was never started")
        return found

    def _to(self, executor: Executor, state: ExecutorState) -> None:
        check_transition(executor.number, executor.state, state)
        executor.state = state
        if not state.alive:
            del self._alive[executor.number]

    def _new_store(self) -> int:
        self._stores += 1
        return self._stores


def _told(executor: Executor, struck: Struck, *, restarts: bool = False) -> RecordProcessFault:
    return RecordProcessFault(executor=executor.number, struck=struck, restarts=restarts)
