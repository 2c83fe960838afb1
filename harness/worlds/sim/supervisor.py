"""The executors of one run in virtual time: reports facts to the lifecycle, and carries out its commands.

Refuses to decide who is struck, who succeeds whom and who wakes whom (`harness.lifecycle`), and to
know when faults end (`run`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from harness.adapter import CallableSaga, Returned, SagaContext
from harness.adapter.handlers import HandlersSaga
from harness.clock import Scheduler
from harness.clock.active import Process, current
from harness.faults.engine import FaultMatch
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
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
    RecordEnd,
    RecordProcessFault,
    RecordWake,
    SettlingBegan,
    Start,
    StartDue,
    StartLater,
    StopAll,
    Struck,
    TimeUp,
    Wake,
    WentQuiet,
)
from harness.plan.decision import Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.saga import SagaStart
from harness.worlds.sim.beside import SimBeside
from harness.worlds.sim.changes import StoreWatch
from harness.worlds.sim.door import SimDoor
from harness.worlds.sim.exchange import Exchange
from harness.worlds.sim.executors import Executor
from harness.worlds.sim.greenlets import Greenlets, Member
from harness.worlds.sim.sagas import RunningSaga, sagas_of
from harness.worlds.sim.store import Store

FIRST_PID = 4000


def _yes() -> bool:
    return True


Record = Callable[[], None]
"""Writes the process fault that a fact is about into the history."""


class Supervisor:
    """Of one run. `make_context` gives a new executor its surroundings, `make_store` a new folder.

    watch: somebody may ask what the store held between two calls. strikes: the plan has process faults. door:
    says when each saga begins, in a run where one goes on at a time. under_way: whether anything is still to
    come but the end of a phase.
    """

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the run
        self,
        *,
        scheduler: Scheduler,
        door: SimDoor | None = None,
        injector: FaultInjector,
        saga: CallableSaga,
        sagas: Sequence[SagaStart],
        make_context: Callable[[Executor], SagaContext],
        make_store: Callable[[], Path],
        watch: bool,
        strikes: bool,
        under_way: Callable[[], bool] = _yes,
    ) -> None:
        alone = len(sagas) == 1 and not (isinstance(saga, HandlersSaga) and saga.threaded)
        self._greenlets = Greenlets(scheduler, undisturbed=alone and not strikes)
        self.executors: list[Executor] = []
        self._scheduler = scheduler
        self._injector = injector
        self._saga = saga
        self._make_context = make_context
        self._make_store = make_store
        self._sagas = sagas_of(sagas, injector.recorder)
        self._door = door
        if door is not None:
            door.begin = self._begin
            door.number = self._number
            self._greenlets.idle = lambda: under_way() is False and door.idle(self._where)
            clocks = current()
            if clocks is not None:
                clocks.loop_stopped = self._loop_stopped
        self.watch = StoreWatch(injector, self._struck_between, self.inject_between) if watch else None

    # What a run reports -----------------------------------------------------------------------

    def run(self) -> None:
        """Each saga is called for the first time as its time comes; until nobody is alive or due."""
        if self._door is not None:
            self._door.open()
        else:
            for saga in self._sagas:
                self._in(saga.start.at_s, partial(self._report, saga, Began()))
        self._greenlets.run()

    def _begin(self, number: int) -> None:
        """At once, but never on the stack of another saga, which may be the one whose call is held."""
        self._await(0, partial(self._report, self._sagas[number - 1], Began()))

    def _number(self, executor: int) -> int:
        """Of the saga that an executor works for."""
        return self._sagas.index(self.executors[executor - 1].saga) + 1

    def _where(self, number: int) -> str:
        """The line at which a saga waits."""
        latest = [one for one in self.executors if one.saga is self._sagas[number - 1]]
        return latest[-1].where() if latest else "its beginning"

    def _loop_stopped(self, holder: int, where: str) -> None:
        """A coroutine waits for a lock that another one has on the same thread: the run cannot go on."""
        assert self._door is not None
        waits = self._number(self.running().number)
        holds = self._number(holder - FIRST_PID)
        places = {holds: self._where(holds), waits: where.partition(" in ")[0].rpartition("/")[2]}
        if holds != waits:
            self._door.loop_stopped((waits, holds), places.__getitem__)
        self.time_up(
            f"the event loop of all sagas stands still: at {where} one waits for a lock of `threading`"
        )

    def call_again(self) -> bool:
        """Where the last word of a saga was `running`, the same once more; whether there was one."""
        again = [self._report(saga, WentQuiet()) for saga in self._sagas]  # of all, not up to the first
        if not any(again):
            return False
        self._greenlets.run()
        return True

    def go_on(self) -> None:
        """Until nobody is alive or due."""
        self._greenlets.run()

    def settle(self) -> None:
        """Every fault has healed."""
        for saga in self._sagas:
            self._report(saga, SettlingBegan())

    def time_up(self, problem: str) -> None:
        """The run is over, whoever is alive. Once; the first problem counts."""
        for saga in self._sagas:
            self._report(saga, TimeUp(problem=problem))

    @property
    def over(self) -> str | None:
        """Why the run is over, though somebody was alive."""
        return self._greenlets.over

    def state_of(self, executor: Executor) -> ExecutorState:
        """How an executor stands."""
        return executor.saga.lifecycle.state(executor.number)

    def refuse_when_over(self) -> None:
        """Ends who calls although the run is over."""
        self._greenlets.refuse()

    def run_on(self) -> None:
        """Tasks that outlive the return of their executor, to their end."""
        for executor in self.executors:
            killed = executor.saga.lifecycle.state(executor.number) is ExecutorState.KILLED
            if self._greenlets.over is None and not killed and executor.unfinished:
                executor.member = Member(executor.number, executor.run_on, _nothing, _process(executor))
                self._greenlets.add(executor.member)
                self._greenlets.run()

    def running(self) -> Executor:
        """The one whose code runs just now."""
        return self._of(self._greenlets.running)

    def waited_in_place(self, stop: Callable[[], bool]) -> bool:
        """Let the world go on below the executor that runs; false where others have to be seen to first."""
        return self._greenlets.waited_in_place(math.inf, stop)

    def beside(self, executor: Executor) -> SimBeside:
        """Where its plain handlers run."""
        return SimBeside(executor, self._greenlets, self._scheduler, _process(executor))

    def hung(self) -> Executor:
        """The one that was interrupted: it ran last."""
        return self._of(self._greenlets.latest)

    def _of(self, member: Member | None) -> Executor:
        return self.executors[-1 if member is None else member.number - 1]

    def let_go(self) -> None:
        """Part what refers to each other: it would stay until the collector comes."""
        for executor in self.executors:
            executor.member = None
            executor.beside = []
        vars(self).clear()

    # Process faults ---------------------------------------------------------------------------

    def sent(self, exchange: Exchange) -> None:
        """A request of an executor is under way."""
        executor = exchange.in_flight.executor
        self.executors[executor - 1].exchanges.append(exchange)
        if self.watch is not None:
            self.watch.sending(executor)

    def sending(self, exchange: Exchange) -> None:
        """A request leaves its executor; where that one dies at it, this does not return."""
        in_flight = exchange.in_flight
        lifecycle = self.executors[in_flight.executor - 1].saga.lifecycle
        earlier = self._injector.impending(in_flight.executor) if lifecycle.injecting else None
        if earlier is not None:
            exchange.arrives = earlier
            if earlier.decision.process_fault is not ProcessFault.START_AGAIN:
                self._injector.swallow(in_flight)
            return
        decision = in_flight.decision
        due = decision.process_fault is not None and decision.boundary is Boundary.BEFORE_SEND
        if due and not self.inject(in_flight):
            exchange.spare()

    def inject(self, in_flight: InFlightCall) -> bool:
        """The process fault of a call is due; whether it was injected."""
        struck = _struck(in_flight)
        if struck is None:
            return False
        executor = self.executors[in_flight.executor - 1]
        reached = BoundaryReached(
            executor=in_flight.executor,
            struck=struck,
            reachable=struck.fault is not ProcessFault.CANCEL or executor.task is not None,
        )
        record = partial(self._injector.judge.executor_struck, in_flight, struck.fault)
        return self._report(executor.saga, reached, record)

    def inject_between(self, executor: int, in_flight: InFlightCall | None, strike: FaultMatch) -> None:
        """One is due after a call, or before the first; where its executor runs, this does not return."""
        fault = strike.decision.process_fault
        if fault is not None:
            call = 0 if in_flight is None else in_flight.call
            struck = Struck(call=call, fault=fault, boundary=strike.decision.boundary)
            saga = self.executors[executor - 1].saga
            record = partial(
                self._injector.judge.executor_struck_between, executor, in_flight, saga.id, strike
            )
            self._report(saga, BoundaryReached(executor=executor, struck=struck), record)

    def _struck_between(self) -> int | None:
        """The executor that changes files just now, where a process fault may strike it."""
        running = self._greenlets.running
        if running is None:
            return None
        lifecycle = self.executors[running.number - 1].saga.lifecycle
        return running.number if lifecycle.injecting and lifecycle.state(running.number).alive else None

    def _finished(self, executor: Executor, came_to: object) -> None:
        number, saga = executor.number, executor.saga
        in_flight = self._injector.impending(number, ended=True) if saga.lifecycle.injecting else None
        struck = None if in_flight is None else _struck(in_flight)
        finished = ExecutorFinished(
            executor=number,
            returned=came_to if isinstance(came_to, Returned) else Returned(),
            cancelled=executor.cancelled_out,
            struck=struck,
            at=executor.at,
        )
        if in_flight is None or struck is None:
            self._report(saga, finished)
        else:
            self._report(
                saga, finished, partial(self._injector.judge.executor_struck, in_flight, struck.fault)
            )
        if self._door is not None and not saga.lifecycle.busy:
            self._door.left(self._sagas.index(saga) + 1)

    # Commands ---------------------------------------------------------------------------------

    def _report(self, saga: RunningSaga, fact: Fact, record: Record | None = None) -> bool:
        """Whether anything came of it. A command that kills the executor which runs does not return."""
        commands = saga.lifecycle.handle(fact)
        for command in commands:
            self._carry_out(saga, command, record)
        return bool(commands)

    def _carry_out(self, saga: RunningSaga, command: Command, record: Record | None) -> None:
        match command:
            case Start():
                self._start(saga, command)
            case StartLater():
                self._in(command.after_s, partial(self._report, saga, StartDue(ticket=command.ticket)))
            case CopyStore():
                saga.stores[command.target] = saga.stores[command.source].copy()
            case RecordProcessFault():
                assert record is not None, "only what was reported as due is recorded"
                record()
                if command.restarts:
                    self._injector.restarted()
            case RecordEnd():
                saga.records.ended(command)
            case RecordWake():
                saga.records.woken(command)
            case StopAll():
                self._greenlets.end(command.problem)
            case AbandonCalls() | Kill() | Freeze() | Wake() | Cancel():
                self._decide(command, self.executors[command.executor - 1])

    def _decide(self, command: AbandonCalls | Kill | Freeze | Wake | Cancel, executor: Executor) -> None:
        match command:
            case AbandonCalls():
                for exchange in executor.exchanges:
                    exchange.on_done = None
                    exchange.fail(Symptom.SILENCE, abandoned=True)
            case Kill():
                if executor.loop is not None:
                    executor.loop.abandon()
                self._each(executor, self._greenlets.kill)
            case Freeze():
                self._each(executor, self._greenlets.freeze)
            case Wake():
                self._each(executor, self._greenlets.wake)
            case Cancel():
                executor.cancel()

    def _each(self, executor: Executor, do: Callable[[Member], None]) -> None:
        for member in executor.members(self._greenlets.running):
            do(member)

    def _in(self, seconds: float, report: Callable[[], object]) -> None:
        """Report what starts an executor after a while; the run does not end before."""
        if not seconds:
            report()
            return
        self._await(seconds, report)

    def _await(self, seconds: float, report: Callable[[], object]) -> None:
        self._greenlets.awaited += 1

        def due() -> None:
            self._greenlets.awaited -= 1
            report()

        self._scheduler.call_later(seconds, due)

    def _start(self, saga: RunningSaga, command: Start) -> None:
        if command.store not in saga.stores:
            saga.stores[command.store] = Store(self._make_store)
        executor = Executor(
            number=command.executor,
            saga=saga,
            node=command.node,
            store=saga.stores[command.store],
            resumed=command.resumed,
        )
        self.executors.append(executor)
        if self.watch is not None:
            self.watch.began(executor.number, saga.id, executor.store)
        saga.records.started(command)
        executor.member = Member(
            executor.number,
            lambda: executor.call(
                self._saga, partial(self._make_context, executor), saga.input, self._scheduler
            ),
            partial(self._finished, executor),
            _process(executor),
        )
        self._greenlets.add(executor.member)


def _struck(in_flight: InFlightCall) -> Struck | None:
    decision = in_flight.decision
    if decision.process_fault is None:
        return None
    return Struck(call=in_flight.call, fault=decision.process_fault, boundary=decision.boundary)


def _process(executor: Executor) -> Process:
    return Process(pid=FIRST_PID + executor.number, host=f"node{executor.node}", saga=executor.saga.id)


def _nothing(came_to: object) -> None:
    del came_to
