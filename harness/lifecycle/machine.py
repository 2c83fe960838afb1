"""The state machine of one run's executors."""

from __future__ import annotations

from dataclasses import dataclass

from harness.adapter import Returned
from harness.blows import Blow
from harness.lifecycle.commands import (
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
    Wake,
)
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
from harness.saga import Status


@dataclass(slots=True, kw_only=True, eq=False)
class _Executor:
    """standby_for: the frozen executor in whose place it runs; recalls: how often it was called again."""

    number: int
    node: int
    store: int
    standby_for: int | None = None
    recalls: int = 0
    state: ExecutorState = ExecutorState.RUNNING
    cancelled: bool = False
    kept: ExecutorFinished | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A start whose time has not come."""

    node: int
    store: int
    resumed: bool
    elsewhere: int | None = None
    standby_for: int | None = None
    recalls: int = 0


class Lifecycle:
    """Handles facts one by one. A process fault that strikes nobody any more answers with no command.

    resume_after_s: from the end or the death of an executor to the start of the next.
    most_recalls: how often a standby that answers `running` is called again before the frozen one wakes.
    """

    def __init__(self, *, resume_after_s: float, most_recalls: int) -> None:
        self._resume_after_s = resume_after_s
        self._most_recalls = most_recalls
        self._executors: dict[int, _Executor] = {}
        self._planned: dict[int, _Planned] = {}
        self._tickets = 0
        self._stores = 0
        self._settling = False
        self._over = False
        self._last: _Executor | None = None
        self._word = Returned()

    # What a world may ask ---------------------------------------------------------------------

    @property
    def last_word(self) -> Returned:
        """What the executor that ended last said; empty before any has."""
        return self._word

    @property
    def busy(self) -> bool:
        """Whether an executor is alive, or due to start."""
        return bool(self._planned) or any(one.state.alive for one in self._executors.values())

    def state(self, executor: int) -> ExecutorState:
        """Raises IllegalTransition for an executor that was never started."""
        return self._executor(executor).state

    def alive(self) -> tuple[int, ...]:
        """Numbers of those that neither ended nor were killed."""
        return tuple(number for number, one in self._executors.items() if one.state.alive)

    # What a world reports ---------------------------------------------------------------------

    def handle(self, fact: Fact) -> tuple[Command, ...]:
        """Take a fact in, and answer what is to be done. Raises IllegalTransition for what cannot be."""
        match fact:
            case Began():
                commands = self._begin()
            case BoundaryReached():
                commands = self._inject(self._executor(fact.executor), fact.struck)
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
        return self._start(_Planned(node=1, store=self._new_store(), resumed=False))

    # Starting ---------------------------------------------------------------------------------

    def _start(self, planned: _Planned) -> tuple[Command, ...]:
        number = len(self._executors) + 1
        self._executors[number] = _Executor(
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

    def _later(self, planned: _Planned, after_s: float | None = None) -> StartLater:
        self._tickets += 1
        self._planned[self._tickets] = planned
        return StartLater(ticket=self._tickets, after_s=self._resume_after_s if after_s is None else after_s)

    def _start_due(self, ticket: int) -> tuple[Command, ...]:
        if self._over:
            return ()
        planned = self._planned.pop(ticket, None)
        if planned is None:
            raise IllegalTransition(f"start {ticket} is due, and was not planned")
        return self._start(planned)

    # Process faults ---------------------------------------------------------------------------

    def _inject(self, executor: _Executor, struck: Struck) -> tuple[Command, ...]:
        """Nobody is struck who ended, died or stands still, and nobody once every fault has healed."""
        if self._settling or self._over or executor.state is not ExecutorState.RUNNING:
            return ()
        if struck.fault.kills:
            return self._kill(executor, struck)
        if struck.fault is Blow.FREEZE:
            return self._freeze(executor, struck, kept=None)
        if struck.fault is Blow.CANCEL:
            return self._cancel(executor, struck)
        return (_told(executor, struck), self._later(self._twin(executor), 0.0))

    def _kill(self, executor: _Executor, struck: Struck) -> tuple[Command, ...]:
        store, copied = self._store_after(executor)
        self._to(executor, ExecutorState.KILLED)
        moved = struck.fault is Blow.MOVE
        successor = _Planned(
            node=executor.node + moved,
            store=store,
            resumed=True,
            elsewhere=executor.number if moved else None,
            standby_for=executor.standby_for,
            recalls=executor.recalls,
        )
        starts = [self._later(successor) for _ in range(2 if struck.fault is Blow.RACE else 1)]
        told = _told(executor, struck, restarts=True)
        # Last of all, for where the executor runs in the world's own thread it never comes back from it.
        return (told, *copied, *starts, Kill(executor=executor.number))

    def _freeze(
        self, executor: _Executor, struck: Struck, kept: ExecutorFinished | None
    ) -> tuple[Command, ...]:
        executor.kept = kept
        self._to(executor, ExecutorState.FROZEN if kept is None else ExecutorState.FINISHED_FROZEN)
        standby = _Planned(
            node=executor.node, store=executor.store, resumed=True, standby_for=executor.number
        )
        commands: tuple[Command, ...] = (_told(executor, struck), self._later(standby))
        return commands if kept is not None else (*commands, Freeze(executor=executor.number))

    def _cancel(self, executor: _Executor, struck: Struck) -> tuple[Command, ...]:
        """Once: who is cancelled again while it cleans up after the first has no way out."""
        if executor.cancelled:
            return ()
        executor.cancelled = True
        return (_told(executor, struck), Cancel(executor=executor.number))

    def _twin(self, executor: _Executor) -> _Planned:
        """The same saga once more, not as a resume."""
        return _Planned(node=executor.node, store=executor.store, resumed=False)

    def _store_after(self, executor: _Executor) -> tuple[int, tuple[Command, ...]]:
        """A copy, out of reach of the dead; but who lives beside it, or is due, shares one with its heirs."""
        others = [one.store for one in self._executors.values() if one.state.alive and one is not executor]
        others += [one.store for one in self._planned.values()]
        if executor.store in others:
            return executor.store, ()
        target = self._new_store()
        return target, (CopyStore(source=executor.store, target=target),)

    # Ends -------------------------------------------------------------------------------------

    def _finish(self, executor: _Executor, finished: ExecutorFinished) -> tuple[Command, ...]:
        if executor.state is ExecutorState.KILLED:
            return ()  # it finished as it died: nobody was told
        if executor.state is ExecutorState.FROZEN:
            executor.kept = finished
            self._to(executor, ExecutorState.FINISHED_FROZEN)
            return ()
        struck = None if self._settling or self._over else finished.struck
        if struck is None or struck.fault is Blow.CANCEL:  # who has ended is cancelled no more
            return self._record_end(executor, finished)
        if struck.fault.kills:
            return self._kill(executor, struck)
        if struck.fault is Blow.FREEZE:
            return self._freeze(executor, struck, kept=finished)
        twin = (_told(executor, struck), self._later(self._twin(executor)))
        return (*self._record_end(executor, finished), *twin)

    def _record_end(self, executor: _Executor, finished: ExecutorFinished) -> tuple[Command, ...]:
        self._to(executor, ExecutorState.ENDED)
        self._last, self._word = executor, finished.returned
        end = RecordEnd(executor=executor.number, returned=finished.returned, cancelled=finished.cancelled)
        return (end, *self._after_standby(executor, finished.returned))

    def _after_standby(self, executor: _Executor, returned: Returned) -> tuple[Command, ...]:
        """One that ran in place of a frozen one has ended: call it again, or wake the frozen one."""
        if executor.standby_for is None or not self._executors[executor.standby_for].state.frozen:
            return ()
        frozen = self._executors[executor.standby_for]
        waits = returned.status is Status.RUNNING and returned.problem is None
        if waits and executor.recalls < self._most_recalls and not self._settling:
            again = _Planned(
                node=executor.node,
                store=executor.store,
                resumed=True,
                standby_for=frozen.number,
                recalls=executor.recalls + 1,
            )
            return (self._later(again),)
        return () if self._stands_in(frozen) else self._wake(frozen)

    def _stands_in(self, frozen: _Executor) -> bool:
        """Whether somebody else runs, or is due to run, in place of a frozen executor."""
        running = any(
            one.state.alive and one.standby_for == frozen.number for one in self._executors.values()
        )
        return running or any(one.standby_for == frozen.number for one in self._planned.values())

    def _wake(self, executor: _Executor) -> tuple[Command, ...]:
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
        return tuple(commands)

    def _call_again(self) -> tuple[Command, ...]:
        if self.busy:
            raise IllegalTransition("quiet was reported while an executor is alive or due")
        last = self._last
        waits = self._word.status is Status.RUNNING and self._word.problem is None
        if self._over or last is None or not waits:
            return ()
        return (self._later(_Planned(node=last.node, store=last.store, resumed=True)),)

    def _end_all(self, problem: str) -> tuple[Command, ...]:
        self._over = True
        self._planned.clear()
        commands: list[Command] = []
        self._word = Returned(problem=problem)
        for executor in self._executors.values():
            if executor.state.alive:
                self._to(executor, ExecutorState.KILLED)
                end = RecordEnd(executor=executor.number, returned=self._word, timed_out=True)
                commands += (end, Kill(executor=executor.number, over=True))
        return tuple(commands)

    # ------------------------------------------------------------------------------------------

    def _executor(self, number: int) -> _Executor:
        found = self._executors.get(number)
        if found is None:
            raise IllegalTransition(f"executor {number} was never started")
        return found

    def _to(self, executor: _Executor, state: ExecutorState) -> None:
        check_transition(executor.number, executor.state, state)
        executor.state = state

    def _new_store(self) -> int:
        self._stores += 1
        return self._stores


def _told(executor: _Executor, struck: Struck, *, restarts: bool = False) -> RecordProcessFault:
    return RecordProcessFault(executor=executor.number, struck=struck, restarts=restarts)
