"""One run in virtual time: faults, settling, and the executors that live through both."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import httpx

from harness.adapter import CallableSaga, Returned, SagaContext
from harness.clock import Scheduler
from harness.clock.active import Process, current
from harness.faults import KINDS
from harness.faults.door import Door
from harness.faults.engine import FaultEngine
from harness.faults.passage import Passage
from harness.history import ExecutorBegan, ExecutorEnded, History, Phase, PhaseBegan, Recorder, RunBegan
from harness.plan import FaultPlan
from harness.plan.moments import moment_of
from harness.plan.treatment import Symptom
from harness.saga import Claim, Json, Status
from harness.scenario import Scenario
from harness.worlds.bounds import MOST_CALLS, RESUME_AFTER_S, too_late, too_many_calls
from harness.worlds.sim.blows import Dealer
from harness.worlds.sim.changes import StoreWatch
from harness.worlds.sim.crew import Crew, Member
from harness.worlds.sim.exchange import UP_S, Exchange, deliver_held
from harness.worlds.sim.executors import Executor
from harness.worlds.sim.store import Store
from harness.worlds.sim.transports import Network

FIRST_PID = 4000


class SimRun:
    """One run. `make_client` gives a new httpx client, awaited or not; `make_store` a new folder.

    earlier: ids of sagas whose runs are over.
    """

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the world
        self,
        *,
        scheduler: Scheduler,
        scenario: Scenario,
        input_: Json,
        plan: FaultPlan,
        saga_id: str,
        make_client: Callable[[bool], httpx.AsyncClient | httpx.Client],
        make_store: Callable[[], Path],
        earlier: Collection[str] = frozenset(),
    ) -> None:
        self.scheduler = scheduler
        self.scenario = scenario
        self.input = input_
        self.saga_id = saga_id
        assert isinstance(scenario.saga, CallableSaga), "the world lets no other in"
        self.saga = scenario.saga
        self.crew = Crew(scheduler)
        self._make_client = make_client
        began_s = scheduler.now_s
        self.recorder = Recorder(lambda: round(scheduler.now_s - began_s, 9))
        participants = {prototype.name: prototype.fresh() for prototype in scenario.participants}
        self.door = Door(
            spec=scenario.spec,
            participants=participants,
            engine=FaultEngine(plan, KINDS, scenario.left_in_doubt),
            recorder=self.recorder,
            saga_ids=(saga_id,),
            earlier=earlier,
            whose=scenario.whose,
        )
        self._urls: dict[int, dict[str, str]] = {}
        self._hosts: dict[str, tuple[int, str]] = {}
        self.network = Network(self.door, self._hosts, self._whose, self._start, self._exchange)
        self.executors: list[Executor] = []
        self.dealer = Dealer(self)
        self._blows = any(KINDS[fault.kind].blow is not None for fault in plan.faults)
        self.settled = False
        self._store = Store(make_store)
        self.awaited_stores: list[Store] = []
        self._sent: list[Exchange] = []
        self._last = Returned()
        self._watch = StoreWatch(self) if _may_die_between_calls(scenario, plan) else None
        active = current()
        if active is not None:
            active.disk = self._watch

    # Phases -----------------------------------------------------------------------------------

    def execute(self) -> History:
        """Run the saga through faults and settling, and return what happened."""
        self._begin()
        self.begin(node=1, store=self._store)
        self.crew.run()
        self._settle()
        while self._last.status is Status.RUNNING and self._last.problem is None and self.crew.over is None:
            self.begin_later(node=self.executors[-1].node, store=self.executors[-1].store, resumed=True)
            self.crew.run()
        self._let_quiet_down()
        self._phase(Phase.JUDGING)
        return self.recorder.history()

    def _begin(self) -> None:
        self.recorder.add(
            RunBegan(
                t_s=self.recorder.now_s(),
                scenario=self.scenario.name,
                world="sim",
                saga_ids=(self.saga_id,),
                input=self.input,
            )
        )
        self._phase(Phase.FAULTS)
        self.scheduler.call_later(self.scenario.faults_end_s("sim"), self._settle)

    def _phase(self, phase: Phase) -> None:
        self.recorder.add(PhaseBegan(t_s=self.recorder.now_s(), phase=phase))

    def _settle(self) -> None:
        """Heal every fault, deliver what is held, wake who is frozen, break off what waits in vain. Once."""
        if self.settled:
            return
        self.settled = True
        self._phase(Phase.SETTLING)
        for passage in self.door.heal():
            self.scheduler.call_later(UP_S, partial(deliver_held, self.door, passage))
        self.dealer.wake_all()
        for exchange in [one for one in self._sent if one.silent]:
            exchange.fail(Symptom.RESET, broken_off=True)
        self.scheduler.call_later(self.scenario.limit_s("sim"), self._time_up)

    def _time_up(self) -> None:
        self.crew.end(too_late(self.scenario.limit_s("sim")))

    def _let_quiet_down(self) -> None:
        """Tasks that outlive the return run on, and what is under way lands."""
        for executor in self.executors:
            if self.crew.over is None and executor.unfinished:
                executor.member = Member(executor.number, executor.run_on, _nothing, self._process(executor))
                self.crew.add(executor.member)
                self.crew.run()
        if self.crew.over is None:
            self.scheduler.advance(2 * UP_S)

    # Executors --------------------------------------------------------------------------------

    def begin_later(
        self,
        *,
        node: int,
        store: Store,
        resumed: bool,
        relieves: Executor | None = None,
        again: int = 0,
    ) -> None:
        """After the time that a supervisor takes to notice."""
        self.crew.awaited += 1
        self.awaited_stores.append(store)

        def begin() -> None:
            self.crew.awaited -= 1
            self.awaited_stores.remove(store)
            self.begin(node=node, store=store, resumed=resumed, relieves=relieves, again=again)

        self.scheduler.call_later(RESUME_AFTER_S, begin)

    def begin(
        self,
        *,
        node: int,
        store: Store,
        resumed: bool = False,
        relieves: Executor | None = None,
        again: int = 0,
    ) -> None:
        """Call the saga once more, as an executor of its own."""
        executor = Executor(
            number=len(self.executors) + 1,
            node=node,
            store=store,
            resumed=resumed,
            relieves=relieves,
            again=again,
        )
        self.executors.append(executor)
        if self._watch is not None:
            self._watch.began(executor)
        self.recorder.add(
            ExecutorBegan(
                t_s=self.recorder.now_s(),
                executor=executor.number,
                saga_id=self.saga_id,
                resumed=resumed,
                node=node,
            )
        )
        executor.member = Member(
            executor.number,
            lambda: executor.call(self.saga, partial(self._context, executor), self.input, self.scheduler),
            partial(self._ended, executor),
            self._process(executor),
        )
        self.crew.add(executor.member)

    def _context(self, executor: Executor) -> SagaContext:
        return SagaContext(
            saga_id=self.saga_id,
            urls=self._urls_of(executor.node),
            client=self._make_client(self.saga.asynchronous),
            resumed=executor.resumed,
            make_store=executor.store.folder,
        )

    def _urls_of(self, node: int) -> dict[str, str]:
        if node not in self._urls:
            domain = "sim" if node == 1 else f"node{node}.sim"
            self._urls[node] = {name: f"http://{name}.{domain}" for name in self.door.participants}
            self._hosts.update({f"{name}.{domain}": (node, name) for name in self.door.participants})
        return self._urls[node]

    def _process(self, executor: Executor) -> Process:
        return Process(pid=FIRST_PID + executor.number, host=f"node{executor.node}")

    def _ended(self, executor: Executor, came_to: object) -> None:
        returned = came_to if isinstance(came_to, Returned) else Returned()
        if self.crew.over is not None:
            self.record_end(executor, Returned(problem=self.crew.over))
        elif not self.dealer.as_it_ends(executor, returned):
            self.record_end(executor, returned)
            self.dealer.relieved(executor, returned)

    def record_end(self, executor: Executor, returned: Returned) -> None:
        """What it came to; the last word counts."""
        executor.ended = True
        self._last = returned
        self.recorder.add(
            ExecutorEnded(
                t_s=self.recorder.now_s(),
                executor=executor.number,
                saga_id=self.saga_id,
                status=returned.status,
                detail=returned.detail,
                problem=returned.problem,
                timed_out=self.crew.over is not None,
                cancelled=executor.cancelled_out and self.crew.over is None,
            )
        )

    def let_go(self) -> None:
        """Part what refers to each other: it would stay until the collector comes."""
        for executor in self.executors:
            executor.member = None
        vars(self).clear()

    # Calls ------------------------------------------------------------------------------------

    def hung(self) -> Executor:
        """The one that was interrupted: it ran last."""
        latest = self.crew.latest
        return self.executors[-1 if latest is None else latest.number - 1]

    def _whose(self) -> tuple[int, int]:
        running = self.crew.running
        executor = self.executors[-1 if running is None else running.number - 1]
        return executor.number, executor.node

    def _exchange(self, passage: Passage, read_timeout_s: float | None) -> Exchange:
        over = None if self._watch is None else self._watch.ended
        return Exchange(self.scheduler, self.door, passage, read_timeout_s, self.dealer.fall, over)

    def _start(self, exchange: Exchange) -> None:
        if self.door.calls > MOST_CALLS:
            self.crew.end(too_many_calls(MOST_CALLS))
        self.crew.refuse()
        passage = exchange.passage
        self._sent.append(exchange)
        executor = self.executors[passage.executor - 1]
        executor.exchanges.append(exchange)
        executor.gap = None
        if self._blows:
            self.dealer.on_sending(exchange)
        exchange.start()


def _may_die_between_calls(scenario: Scenario, plan: FaultPlan) -> bool:
    """Looking at the store costs time, so it is done only where somebody may ask what was seen."""
    claimed = Claim.PROCESS_DEATH in scenario.spec.claims
    return claimed or any(moment_of(fault.variant) is not None for fault in plan.faults)


def _nothing(came_to: object) -> None:
    del came_to
