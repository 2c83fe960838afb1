"""One run in virtual time: faults, settling, judging, and the calls of its executors.

Refuses to know who is alive and who comes next (`supervisor`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import httpx
from msgspec import UNSET

from harness.adapter import CallableSaga, SagaContext
from harness.adapter.handlers import HandlersSaga
from harness.clock import Scheduler, Timer
from harness.clock.active import current
from harness.faults import KINDS
from harness.faults.engine import FaultEngine
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.history import History, Phase, PhaseBegan, Recorder, RunBegan
from harness.latency_profile import LatencyProfile
from harness.plan import FaultPlan
from harness.plan.decision import Symptom
from harness.plan.moments import moment_of
from harness.saga import Claim, SagaStart
from harness.scenario import Scenario
from harness.views import LoopWatch
from harness.worlds.bounds import MOST_CALLS, ended_early, too_late, too_many_calls
from harness.worlds.sim.door import SimDoor
from harness.worlds.sim.exchange import UP_S, Exchange
from harness.worlds.sim.executors import Executor
from harness.worlds.sim.hosts import SimHosts
from harness.worlds.sim.supervisor import Supervisor
from harness.worlds.sim.transports import Network


class SimRun:
    """One run. `make_client` gives a new httpx client, awaited or not; `make_store` a new folder.

    earlier: ids of sagas whose runs are over. profile: how long messages are under way; 1 ms by default.
    """

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the run
        self,
        *,
        scheduler: Scheduler,
        scenario: Scenario,
        sagas: Sequence[SagaStart],
        plan: FaultPlan,
        make_client: Callable[[bool], httpx.AsyncClient | httpx.Client],
        make_store: Callable[[], Path],
        earlier: Collection[str] = frozenset(),
        profile: LatencyProfile | None = None,
    ) -> None:
        self.scheduler = scheduler
        self._profile = profile
        self.scenario = scenario
        self._sagas = tuple(sagas)
        assert isinstance(scenario.saga, CallableSaga), "the world lets no other in"
        self._asynchronous = scenario.saga.asynchronous
        self._make_client = make_client
        self.recorder = Recorder(_seconds_since_now(scheduler), scenario.redact)
        participants = {prototype.name: prototype.fresh() for prototype in scenario.participants}
        self.injector = FaultInjector(
            spec=scenario.spec,
            participants=participants,
            engine=FaultEngine(plan, KINDS, scenario.left_in_doubt),
            recorder=self.recorder,
            saga_ids=tuple(one.id for one in sagas),
            earlier=earlier,
            whose=scenario.whose,
        )
        self._loops = LoopWatch(scenario.spec, scenario.resources, self.recorder)
        self._urls: dict[int, dict[str, str]] = {}
        self._hosts: dict[str, tuple[int, str]] = {}
        self.network = Network(
            self.injector, self._hosts, self._whose, self._start, self._exchange, self._waited_in_place
        )
        self._process_faults = any(KINDS[fault.kind].process_fault is not None for fault in plan.faults)
        self._door = SimDoor(plan, self.recorder, sagas) if plan.sagas > 1 else None
        self.supervisor = Supervisor(
            scheduler=scheduler,
            door=self._door,
            injector=self.injector,
            saga=scenario.saga,
            sagas=sagas,
            make_context=self._context,
            make_store=make_store,
            watch=_may_die_between_calls(scenario, plan),
            strikes=self._process_faults,
            under_way=self._under_way,
        )
        self._hosts_of_messages = self._open_hosts()
        self._settled = False
        self._ends_of_phases: list[Timer] = []
        self._sent: list[Exchange] = []
        active = current()
        if active is not None:
            active.disk = self.supervisor.watch

    def _open_hosts(self) -> SimHosts | None:
        """For a saga that is made of handlers."""
        saga = self.scenario.saga
        if not isinstance(saga, HandlersSaga):
            return None
        return SimHosts(self.scheduler, self.injector, saga, self.supervisor.state_of)

    # Phases -----------------------------------------------------------------------------------

    def execute(self) -> History:
        """Run the saga through faults and settling, and return what happened."""
        self._begin()
        self.supervisor.run()
        self._settle()
        self.supervisor.go_on()  # who waited for every fault to heal starts now
        while self.supervisor.call_again():
            pass
        self._let_quiet_down()
        self.injector.over()
        self._phase(Phase.JUDGING)
        return self.recorder.history()

    def _begin(self) -> None:
        self.recorder.add(
            RunBegan(
                t_s=self.recorder.now_s(),
                scenario=self.scenario.name,
                world="sim",
                saga_ids=tuple(one.id for one in self._sagas),
                input=self._sagas[0].input,
                sagas=self._sagas if self._sagas[1:] or self._sagas[0].at_s else UNSET,
            )
        )
        self._phase(Phase.FAULTS)
        self._ends_of_phases.append(
            self.scheduler.call_later(self.scenario.faults_end_s("sim"), self._settle)
        )

    def _phase(self, phase: Phase) -> None:
        self.recorder.add(PhaseBegan(t_s=self.recorder.now_s(), phase=phase))

    def _settle(self) -> None:
        """Heal every fault, deliver what is held, wake who is frozen, break off what waits in vain. Once."""
        if self._settled:
            return
        self._settled = True
        self._phase(Phase.SETTLING)
        for in_flight in self.injector.heal():
            self.scheduler.call_later(UP_S, partial(self.injector.deliver, in_flight))
        if self._door is not None:
            self._door.heal()
        if self._hosts_of_messages is not None:
            self._hosts_of_messages.line.settle()
        self.supervisor.settle()
        for exchange in [one for one in self._sent if one.silent]:
            exchange.fail(Symptom.RESET, broken_off=True)
        self._ends_of_phases.append(self.scheduler.call_later(self.scenario.limit_s("sim"), self._time_up))

    def _under_way(self) -> bool:
        """Whether anything is to come but the end of a phase."""
        return any(one not in self._ends_of_phases for one in self.scheduler.pending())

    def _time_up(self) -> None:
        self.supervisor.time_up(too_late(self.scenario.limit_s("sim")))

    def _let_quiet_down(self) -> None:
        """Tasks that outlive the return run on, and what is under way lands."""
        self.supervisor.run_on()
        if self.supervisor.over is None:
            self.scheduler.advance(2 * UP_S)

    # Surroundings of an executor ---------------------------------------------------------------

    def _context(self, executor: Executor) -> SagaContext:
        return SagaContext(
            saga_id=executor.saga.id,
            urls=self._urls_of(executor.node),
            client=self._make_client(self._asynchronous),
            resumed=executor.resumed,
            make_store=executor.store.folder,
            beside=self.supervisor.beside(executor),
            make_plain_client=lambda: cast("httpx.Client", self._make_client(False)),
            inbox=None if self._hosts_of_messages is None else self._hosts_of_messages.begin(executor),
        )

    def _urls_of(self, node: int) -> dict[str, str]:
        if node not in self._urls:
            domain = "sim" if node == 1 else f"node{node}.sim"
            self._urls[node] = {name: f"http://{name}.{domain}" for name in self.injector.participants}
            self._hosts.update({f"{name}.{domain}": (node, name) for name in self.injector.participants})
        return self._urls[node]

    def let_go(self) -> None:
        """Part what refers to each other: it would stay until the collector comes."""
        self.supervisor.let_go()
        vars(self).clear()

    # Calls ------------------------------------------------------------------------------------

    def _whose(self) -> tuple[int, int]:
        executor = self.supervisor.running()
        return executor.number, executor.node

    def _waited_in_place(self, stop: Callable[[], bool]) -> bool:
        return self.supervisor.waited_in_place(stop)

    def _exchange(self, in_flight: InFlightCall, read_timeout_s: float | None) -> Exchange:
        watch = self.supervisor.watch
        over = None if watch is None else watch.ended
        exchange = Exchange(
            self.scheduler, self.injector, in_flight, read_timeout_s, self.supervisor.inject, over
        )
        if self._profile is not None:
            link = self._profile.of(in_flight.participant.name)
            message = f"{in_flight.owner.saga_id}:{in_flight.call}"
            exchange.up_s, exchange.down_s = link.delay_s(f"{message}:up"), link.delay_s(f"{message}:down")
        exchange.heard = None if self._door is None else self._door.ended
        return exchange

    def _start(self, exchange: Exchange) -> None:
        if exchange.in_flight.call > MOST_CALLS:
            self.supervisor.time_up(too_many_calls(MOST_CALLS))
        elif not self.supervisor.over:
            self._end_what_is_certain(exchange.in_flight)
        self.supervisor.refuse_when_over()
        self._sent.append(exchange)
        self.supervisor.sent(exchange)
        if self._process_faults:
            self.supervisor.sending(exchange)
        if self._door is None:
            exchange.start()
        else:
            self._door.comes(exchange)

    def _end_what_is_certain(self, in_flight: InFlightCall) -> None:
        why = self._loops.sent(
            in_flight.executor, in_flight.owner.saga_id, in_flight.steps, in_flight.direction
        )
        if why is not None:
            self.supervisor.time_up(ended_early(why))


def _seconds_since_now(scheduler: Scheduler) -> Callable[[], float]:
    """Several events bear the same time: it is rounded once."""
    began_s = read_s = scheduler.now_s
    told_s = 0.0

    def now_s() -> float:
        nonlocal read_s, told_s
        if scheduler.now_s != read_s:
            read_s = scheduler.now_s
            told_s = round(read_s - began_s, 9)
        return told_s

    return now_s


def _may_die_between_calls(scenario: Scenario, plan: FaultPlan) -> bool:
    """Looking at the store costs time, so it is done only where somebody may ask what was seen."""
    claimed = Claim.PROCESS_DEATH in scenario.spec.claims
    return claimed or any(moment_of(fault.variant) is not None for fault in plan.faults)
