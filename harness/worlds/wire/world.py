"""Sets up once what many runs share: a proxy server, the participants' servers, the httpx wrapper.

One run at a time; whoever wants several side by side takes several processes, each with a world and
a proxy server of its own.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.choices import ProxyKind
from harness.clock.real import monotonic_s
from harness.errors import EnvironmentFault
from harness.faults import KINDS
from harness.faults.engine import FaultEngine
from harness.faults.injector import FaultInjector
from harness.history import History, Recorder
from harness.latency_profile import LatencyProfile
from harness.plan import FaultPlan, Site
from harness.processes import hosts
from harness.report_model import Proxy
from harness.saga import SagaStart
from harness.scenario import Scenario
from harness.toxiproxy.client import ProxyClient
from harness.toxiproxy.discovery import find_server
from harness.toxiproxy.server import ProxyServer
from harness.views import LoopWatch
from harness.worlds.only_world import only_world
from harness.worlds.starts import check_starts
from harness.worlds.wire.background import Background
from harness.worlds.wire.brokers.kinds import KINDS as BROKERS
from harness.worlds.wire.brokers.processes import Brokers
from harness.worlds.wire.brokers.server import BrokerBusServer
from harness.worlds.wire.door import WireDoor
from harness.worlds.wire.endpoint_sets import EndpointSets
from harness.worlds.wire.evidence import Evidence
from harness.worlds.wire.executor_registry import ExecutorRegistry
from harness.worlds.wire.executors.kept_loops import KeptLoops
from harness.worlds.wire.executors.kept_services import KeptServices
from harness.worlds.wire.httpx_wrapper import HttpxWrapper
from harness.worlds.wire.message_bus import WireBus, bus_of
from harness.worlds.wire.outages import Outages
from harness.worlds.wire.own_services import OwnServices, ServicesOfARun
from harness.worlds.wire.participant_proxy import ProxyLike
from harness.worlds.wire.participant_servers import ParticipantServers
from harness.worlds.wire.pauses import Pauses
from harness.worlds.wire.quick_httpx import quick_httpx
from harness.worlds.wire.run import WireRun
from harness.worlds.wire.run_signals import RunSignals
from harness.worlds.wire.traffic import Traffic, new_traffic
from harness.worlds.wire.wire_plan import WirePlan, read_plan

MakeProxy = Callable[[ProxyClient, str, str, str], ProxyLike]


def _progress(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a build takes half a minute, and must not look like a hang


def make_proxy(client: ProxyClient, name: str, upstream: str, listen: str) -> ProxyLike:
    """A proxy of the server. Tests put something else in its place."""
    return client.create(name, upstream, listen)


class WireWorld:
    """Real sockets. The argument `proxy` says which server to use; the attribute, which it was.

    profile: how long messages are under way; as long as loopback takes by default.
    """

    name = "wire"

    def __init__(
        self,
        proxy: ProxyKind = "auto",
        progress: Callable[[str], None] = _progress,
        make_proxy: MakeProxy = make_proxy,
        profile: LatencyProfile | None = None,
    ) -> None:
        self._profile = profile
        self.proxy = Proxy()
        self._wanted = proxy
        self._progress = progress
        self._make_proxy = make_proxy
        self._unseen: set[str] = set()
        self._runs = 0
        self._saga_ids: set[str] = set()
        self._pauses = Pauses()
        self._evidence = Evidence()
        self._own = OwnServices()

    @property
    def own_hosts(self) -> bool:
        """Where the kernel lets a process of ours have one."""
        return hosts.permitted()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # The Toxiproxy client, too, knows a single server.
            stack.enter_context(only_world("wire"))
            choice = find_server(self._wanted, self._progress)
            self._server = stack.enter_context(ProxyServer(choice))
            self._background = Background()
            stack.callback(self._own.close)
            stack.callback(self._background.stop)
            self._background.start()
            self._httpx_wrapper = HttpxWrapper(self._background)
            self._brokers = stack.enter_context(Brokers(self._progress, BROKERS))
            self._participant_servers = ParticipantServers(
                self._background,
                partial(self._make_proxy, self._server.client),
                self._httpx_wrapper.watch,
                self._brokers,
                self._profile,
            )
            stack.callback(self._participant_servers.close)
            self._services = KeptServices()
            stack.callback(self._services.close)
            self._loops = KeptLoops()
            stack.callback(self._loops.close)
            stack.enter_context(self._httpx_wrapper)
            stack.enter_context(quick_httpx())
            self.proxy = Proxy(kind=self._server.kind, version=self._server.version)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def run(self, scenario: Scenario, sagas: Sequence[SagaStart], plan: FaultPlan) -> History:
        """One run. Raises UsageError for what cannot run here, EnvironmentFault where the machine fails."""
        where = f"scenario {scenario.name!r}, world wire"
        check_starts(sagas, where, before_s=scenario.faults_end_s("wire"))
        several = bool(sagas[1:] or sagas[0].at_s)

        def read() -> WirePlan:
            return read_plan(plan, scenario.saga, unseen=scenario.name in self._unseen, several=several)

        wire_plan, input_ = read(), sagas[0].input
        again = [replace(one, id=f"{one.id}-unstruck") for one in sagas]
        pauses = self._pauses.needed(
            wire_plan, scenario, input_, lambda rest: self.run(scenario, again, rest)
        )
        if pauses:  # the run that showed them may have shown a caller whom nobody sees, too
            wire_plan = read()
        history = self._run(scenario, sagas, wire_plan, pauses)
        if not several:
            self._pauses.note(wire_plan, scenario, input_, history)
        return history

    # A run's frame ----------------------------------------------------------------------------

    def _run(
        self, scenario: Scenario, sagas: Sequence[SagaStart], plan: WirePlan, pauses: Mapping[Site, float]
    ) -> History:
        endpoint_sets = self._participant_servers.of(scenario)
        self._runs += 1
        began_s = monotonic_s()
        recorder = Recorder(lambda: monotonic_s() - began_s, scenario.redact)
        own = self._own.of(scenario)
        if own is not None:
            own.begin()
        traffic, outages = self._traffic(scenario, plan, sagas, recorder, endpoint_sets, pauses, own)
        folders: list[Path] = []
        self._httpx_wrapper.traffic = traffic
        try:
            endpoint_sets.begin(traffic, resetting=plan.resetting, outages=outages)
            run = WireRun(
                scenario=scenario,
                sagas=sagas,
                plan=plan,
                services=self._services,
                loops=self._loops,
                traffic=traffic,
                recorder=recorder,
                participant_servers=endpoint_sets.participant_servers,
                background=self._background,
                urls=endpoint_sets.urls,
                folders=partial(_new_folder, folders),
            )
            return run.execute(
                lambda: self._background.call(outages.begin()) if outages else None,
                lambda: not outages and (plan.processes or self._all_seen(scenario, traffic)),
            )
        finally:
            self._httpx_wrapper.traffic = None
            self._end(endpoint_sets, traffic)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

    def _traffic(
        self,
        scenario: Scenario,
        plan: WirePlan,
        sagas: Sequence[SagaStart],
        recorder: Recorder,
        endpoint_sets: EndpointSets,
        pauses: Mapping[Site, float],
        own: ServicesOfARun | None,
    ) -> tuple[Traffic, Outages | None]:
        lock = threading.RLock()
        signals = RunSignals(lock, self._check_server)
        executors = ExecutorRegistry(lock, signals)
        injector = self._injector(scenario, plan.injected, tuple(one.id for one in sagas), recorder, own)
        outages = None
        if plan.absences:
            outages = Outages(
                plan.absences, scenario, endpoint_sets, injector=injector, signals=signals, lock=lock
            )
            signals.when_closing(outages.close)
            executors.when_ended(outages.executor_ended)
            executors.when_restarted(partial(self._struck, outages))
        loop = self._background.loop
        traffic = new_traffic(
            number=self._runs,
            lock=lock,
            loop=loop,
            injector=injector,
            signals=signals,
            executors=executors,
            evidence=self._evidence,
            loops=LoopWatch(scenario.spec, scenario.resources, recorder),
            pauses=pauses,
            absences=outages,
            own=own,
            bus=self._bus(scenario, sagas, injector, executors, lock, endpoint_sets),
            door=None
            if plan.plan.sagas == 1
            else WireDoor(plan.plan, recorder, [one.id for one in sagas], lock=lock, loop=loop),
        )
        return traffic, outages

    def _bus(
        self,
        scenario: Scenario,
        sagas: Sequence[SagaStart],
        injector: FaultInjector,
        executors: ExecutorRegistry,
        lock: threading.RLock,
        endpoint_sets: EndpointSets,
    ) -> WireBus | None:
        bus = bus_of(scenario, tuple(injector.participants.values()))
        if bus is None:
            return None
        server = endpoint_sets.participant_servers_of(1)[bus.name]
        make = WireBus if not isinstance(server, BrokerBusServer) else server.bus
        return make(
            bus=bus,
            scenario=scenario,
            inputs={one.id: one.input for one in sagas},
            injector=injector,
            executors=executors,
            background=self._background,
            lock=lock,
            make_proxy=partial(self._make_proxy, self._server.client),
        )

    def _struck(self, outages: Outages, call: int) -> None:
        self._background.spawn(outages.struck(call))

    def _injector(
        self,
        scenario: Scenario,
        plan: FaultPlan,
        saga_ids: tuple[str, ...],
        recorder: Recorder,
        own: ServicesOfARun | None,
    ) -> FaultInjector:
        earlier = frozenset(self._saga_ids.difference(saga_ids))
        self._saga_ids.update(saga_ids)
        fresh = [prototype.fresh() for prototype in scenario.participants]
        return FaultInjector(
            spec=scenario.spec,
            participants=own.participants(fresh) if own else {one.name: one for one in fresh},
            engine=FaultEngine(plan, KINDS, scenario.left_in_doubt),
            recorder=recorder,
            saga_ids=saga_ids,
            earlier=earlier,
            whose=scenario.whose,
            certain=False,
        )

    def _end(self, endpoint_sets: EndpointSets, traffic: Traffic) -> None:
        try:
            endpoint_sets.end()
        except EnvironmentFault as fault:
            raise traffic.signals.fault or fault from None
        seen = traffic.calls.all_tagged and not traffic.signals.over
        if traffic.signals.fault is None and not seen:
            self._server.check()  # its death would have looked like a participant that is away
        if traffic.signals.fault is not None:
            raise traffic.signals.fault

    def _check_server(self) -> Future[None]:
        return self._background.begin(self._background.api(self._server.check))

    def _all_seen(self, scenario: Scenario, traffic: Traffic) -> bool:
        if traffic.calls.any_untagged:
            self._unseen.add(scenario.name)
        return scenario.name not in self._unseen


def _new_folder(folders: list[Path]) -> Path:
    folders.append(Path(tempfile.mkdtemp(prefix="saga-chaos-")))
    return folders[-1]
