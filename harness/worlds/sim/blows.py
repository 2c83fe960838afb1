"""Deals blows to executors: what dies, what freezes, who takes over, and what the history says of it.

A blow falls where the plan says, on whichever executor sent the call; that one may stand still at
the time, or be one of several. None falls on what has ended or died, nor while settling. Refuses to
know how an executor is stopped (`crew`) and called (`executors`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from harness.adapter import Returned
from harness.blows import Blow, Boundary
from harness.faults.engine import Strike
from harness.faults.passage import Passage
from harness.history import ExecutorWoken
from harness.plan.treatment import Symptom
from harness.saga import Status
from harness.worlds.bounds import MOST_RECALLS
from harness.worlds.sim.exchange import Exchange
from harness.worlds.sim.executors import Executor
from harness.worlds.sim.store import Store

if TYPE_CHECKING:
    from harness.worlds.sim.run import SimRun


class Dealer:
    """Of one run."""

    def __init__(self, run: SimRun) -> None:
        self._run = run

    # When -------------------------------------------------------------------------------------

    def on_sending(self, exchange: Exchange) -> None:
        """A request leaves its executor; where that one dies at it, this does not return."""
        passage = exchange.passage
        earlier = None if self._run.settled else self._run.door.impending(passage.executor)
        if earlier is not None:
            exchange.arrives = earlier
            if earlier.treatment.blow is not Blow.START_AGAIN:
                self._run.door.swallow(passage)
            return
        treatment = passage.treatment
        before = treatment.blow is not None and treatment.boundary is Boundary.BEFORE_SEND
        if before and not self.fall(passage):
            exchange.spare()

    def fall(self, passage: Passage) -> bool:
        """The blow of a call falls, if it still can; whether it did."""
        executor = self._run.executors[passage.executor - 1]
        blow = passage.treatment.blow
        if blow is None or not executor.alive or self._spent:
            return False
        if blow.kills:
            self._kill(executor, blow, partial(self._run.door.strike_executor, passage, blow))
        elif blow is Blow.FREEZE:
            return self._freeze(executor, passage)
        elif blow is Blow.START_AGAIN:
            self._run.door.strike_executor(passage, blow)
            self._run.begin(node=executor.node, store=executor.store)
        else:
            return self._cancel(executor, passage)
        return True

    def fall_between(self, executor: Executor, passage: Passage | None, strike: Strike) -> None:
        """A process fault between two calls; where the executor that is struck runs, this does not return."""
        blow = strike.treatment.blow
        if blow is None or not blow.kills or not executor.alive or self._spent:
            return
        door, saga_id = self._run.door, self._run.saga_id
        record = partial(door.strike_between, executor.number, passage, saga_id, strike)
        self._kill(executor, blow, record)

    def as_it_ends(self, executor: Executor, returned: Returned) -> bool:
        """Whether a blow that waited for its end keeps what it came to from being heard."""
        passage = None if self._spent else self._run.door.impending(executor.number, ended=True)
        if passage is None or passage.treatment.blow is None:
            return False
        blow = passage.treatment.blow
        if blow.kills:
            self._kill(executor, blow, partial(self._run.door.strike_executor, passage, blow))
            return True
        if blow is Blow.FREEZE:
            executor.held = returned
            self._freeze(executor, passage)
            return True
        self._run.record_end(executor, returned)
        self._run.door.strike_executor(passage, blow)
        self._run.begin_later(node=executor.node, store=executor.store, resumed=False)
        self.relieved(executor, returned)
        return True

    @property
    def _spent(self) -> bool:
        return self._run.settled or self._run.crew.over is not None

    # What -------------------------------------------------------------------------------------

    def _kill(self, executor: Executor, blow: Blow, record: Callable[[], None]) -> None:
        run = self._run
        executor.killed = True
        if executor.loop is not None:
            executor.loop.abandon()
        for exchange in executor.exchanges:
            exchange.on_done = None
            exchange.fail(Symptom.SILENCE, abandoned=True)
        record()
        run.door.restarted()
        store = self._store_after(executor)
        for _ in range(2 if blow is Blow.RACE else 1):
            run.begin_later(
                node=executor.node + 1 if blow is Blow.MOVE else executor.node,
                store=store,
                resumed=True,
                relieves=executor.relieves,
                again=executor.again,
            )
        assert executor.member is not None
        run.crew.kill(executor.member)

    def _store_after(self, executor: Executor) -> Store:
        """A copy; but who still lives and shares it, or is about to begin on it, has the same one."""
        alive = [one.store for one in self._run.executors if one.alive]
        shared = any(one is executor.store for one in (*alive, *self._run.awaited_stores))
        return executor.store if shared else executor.store.copy()

    def _freeze(self, executor: Executor, passage: Passage) -> bool:
        if executor.frozen:
            return False
        executor.frozen = True
        self._run.door.strike_executor(passage, Blow.FREEZE)
        self._run.begin_later(node=executor.node, store=executor.store, resumed=True, relieves=executor)
        if executor.held is None and executor.member is not None:
            self._run.crew.freeze(executor.member)
        return True

    def _cancel(self, executor: Executor, passage: Passage) -> bool:
        """Once: who cancels a second time, while the first is being cleaned up after, leaves no way out."""
        if executor.task is None or executor.cancelled:
            return False
        executor.cancelled = True
        executor.task.cancel()
        self._run.door.strike_executor(passage, Blow.CANCEL)
        return True

    # What comes of a freeze -------------------------------------------------------------------

    def relieved(self, executor: Executor, returned: Returned) -> None:
        """One that ran in place of a frozen one has ended: call it again, or wake the frozen one."""
        frozen = executor.relieves
        if frozen is None or not frozen.frozen:
            return
        found_another = returned.status is Status.RUNNING and returned.problem is None
        if found_another and executor.again < MOST_RECALLS and not self._run.settled:
            self._run.begin_later(
                node=executor.node,
                store=executor.store,
                resumed=True,
                relieves=frozen,
                again=executor.again + 1,
            )
        elif not any(one.alive and one.relieves is frozen for one in self._run.executors):
            self._wake(frozen)

    def wake_all(self) -> None:
        """Nobody stays frozen while settling."""
        for executor in self._run.executors:
            if executor.frozen and executor.alive:
                self._wake(executor)

    def _wake(self, executor: Executor) -> None:
        run = self._run
        executor.frozen = False
        if not executor.alive:
            return
        run.recorder.add(
            ExecutorWoken(t_s=run.recorder.now_s(), executor=executor.number, saga_id=run.saga_id)
        )
        if executor.held is not None:
            run.record_end(executor, executor.held)
            self.relieved(executor, executor.held)
        elif executor.member is not None:
            run.crew.wake(executor.member)
