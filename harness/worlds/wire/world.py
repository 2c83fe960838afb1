"""Sets up once what many runs share: a proxy server, the participants' stations, the httpx wrapper.

One run at a time; whoever wants several side by side takes several processes, each with a world and
a proxy server of its own.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from harness.clock.real import monotonic_s
from harness.errors import EnvironmentFault, misplaced
from harness.faults import KINDS
from harness.faults.door import Door
from harness.faults.engine import FaultEngine
from harness.history import History, Recorder
from harness.plan import FaultPlan
from harness.processes import hosts
from harness.saga import SagaStart
from harness.scenario import Scenario
from harness.toxiproxy.client import ProxyClient
from harness.toxiproxy.discovery import find_server
from harness.toxiproxy.errors import ProxyDied, ProxyRefused
from harness.toxiproxy.server import ProxyServer
from harness.views import LoopWatch
from harness.worlds.starts import only_start
from harness.worlds.turn import turn_of
from harness.worlds.wire.background import Background
from harness.worlds.wire.ease import at_ease
from harness.worlds.wire.evidence import Evidence
from harness.worlds.wire.executors import in_processes
from harness.worlds.wire.front import ProxyLike
from harness.worlds.wire.hook import HttpxHook
from harness.worlds.wire.lanes import Address, Lanes
from harness.worlds.wire.outages import Outages, armed_ahead
from harness.worlds.wire.pauses import Pauses
from harness.worlds.wire.ports import free_ports
from harness.worlds.wire.run import WireRun
from harness.worlds.wire.station import Station
from harness.worlds.wire.traffic import Traffic

MakeProxy = Callable[[ProxyClient, str, str, str], ProxyLike]


def _progress(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a build takes half a minute, and must not look like a hang


def make_proxy(client: ProxyClient, name: str, upstream: str, listen: str) -> ProxyLike:
    """A proxy of the server. Tests put something else in its place."""
    return client.create(name, upstream, listen)


class WireWorld:
    """Real sockets. `proxy` says which server to use; `proxy_kind` and `proxy_version`, which it was."""

    name = "wire"

    def __init__(
        self,
        proxy: Literal["auto", "toxiproxy", "embedded"] = "auto",
        progress: Callable[[str], None] = _progress,
        make_proxy: MakeProxy = make_proxy,
    ) -> None:
        self.proxy_kind: str = "none"
        self.proxy_version = ""
        self._wanted = proxy
        self._progress = progress
        self._make_proxy = make_proxy
        self._lanes: dict[object, Lanes] = {}
        self._unseen: set[str] = set()
        self._runs = 0
        self._saga_ids: set[str] = set()
        self._pauses = Pauses()
        self._evidence = Evidence()

    @property
    def own_hosts(self) -> bool:
        """Where the kernel lets a process of ours have one."""
        return hosts.permitted()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # The Toxiproxy client, too, knows a single server.
            stack.enter_context(turn_of("wire"))
            choice = find_server(self._wanted, self._progress)
            self._server = stack.enter_context(ProxyServer(choice))
            self._background = Background()
            stack.callback(self._background.stop)
            self._background.start()
            stack.callback(self._close_lanes)
            self._hook = stack.enter_context(HttpxHook(self._background))
            stack.enter_context(at_ease())
            self.proxy_kind, self.proxy_version = self._server.kind, self._server.version
            self._ports = free_ports()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def run(self, scenario: Scenario, sagas: Sequence[SagaStart], plan: FaultPlan) -> History:
        """One run. Raises UsageError for what cannot run here, EnvironmentFault where the machine fails."""
        start = only_start(sagas, f"scenario {scenario.name!r}, world wire")
        again = replace(start, id=f"{start.id}-unstruck")
        pauses = self._pauses.needed(
            plan, scenario, start.input, lambda rest: self.run(scenario, (again,), rest)
        )
        lanes = self._lanes_of(scenario)
        self._runs += 1
        began_s = monotonic_s()
        recorder = Recorder(lambda: monotonic_s() - began_s)
        processes = in_processes(scenario.saga, plan)
        unseen = processes or scenario.name in self._unseen
        traffic = self._traffic(scenario, armed_ahead(plan) if unseen else plan, start.id, recorder)
        traffic.pauses = pauses
        outages = self._outages(plan, scenario, lanes, traffic) if unseen else None
        folders: list[Path] = []
        self._hook.traffic = traffic
        try:
            lanes.begin(traffic, plan, outages)
            run = WireRun(
                scenario=scenario,
                input_=start.input,
                saga_id=start.id,
                plan=plan,
                traffic=traffic,
                recorder=recorder,
                stations=lanes.stations,
                background=self._background,
                urls=lanes.urls,
                folder=functools.cache(lambda: _new_folder(folders)),
            )
            history = run.execute(
                lambda: self._background.call(outages.begin()) if outages else None,
                lambda: not outages and (processes or self._all_seen(scenario, traffic)),
            )
        finally:
            self._hook.traffic = None
            self._end(lanes, traffic)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
        self._pauses.note(plan, scenario, start.input, history)
        return history

    # A run's frame ----------------------------------------------------------------------------

    def _traffic(self, scenario: Scenario, plan: FaultPlan, saga_id: str, recorder: Recorder) -> Traffic:
        door = Door(
            spec=scenario.spec,
            participants={prototype.name: prototype.fresh() for prototype in scenario.participants},
            engine=FaultEngine(plan, KINDS, scenario.left_in_doubt),
            recorder=recorder,
            saga_ids=(saga_id,),
            earlier=frozenset(self._saga_ids - {saga_id}),
            whose=scenario.whose,
        )
        self._saga_ids.add(saga_id)
        return Traffic(
            door=door,
            number=self._runs,
            loop=self._background.loop,
            suspect=self._suspect,
            loops=LoopWatch(scenario.spec, scenario.resources, recorder),
            evidence=self._evidence,
        )

    def _outages(self, plan: FaultPlan, scenario: Scenario, lanes: Lanes, traffic: Traffic) -> Outages:
        outages = Outages(plan, scenario, lanes, traffic)
        if outages:
            traffic.spares = outages.spares
            traffic.on_ended, traffic.on_refused = outages.executor_ended, outages.refused
            traffic.on_closing = outages.close
            traffic.on_restart = lambda call: self._background.spawn(outages.struck(call))
        return outages

    def _end(self, lanes: Lanes, traffic: Traffic) -> None:
        try:
            lanes.end()
        except EnvironmentFault as fault:
            raise traffic.fault or fault from None
        seen = traffic.tagged_seen and not traffic.untagged_seen and not traffic.over
        if traffic.fault is None and not seen:
            self._server.check()  # its death would have looked like a participant that is away
        if traffic.fault is not None:
            raise traffic.fault

    def _suspect(self) -> Future[None]:
        return self._background.begin(self._background.api(self._server.check))

    def _all_seen(self, scenario: Scenario, traffic: Traffic) -> bool:
        if traffic.untagged_seen:
            self._unseen.add(scenario.name)
        return scenario.name not in self._unseen

    # Lanes ------------------------------------------------------------------------------------

    def _lanes_of(self, scenario: Scenario) -> Lanes:
        names = tuple(participant.name for participant in scenario.participants)
        fixed: Mapping[str, Address] = getattr(scenario.saga, "listen", {})
        key = (names, tuple(sorted(fixed.items())))
        if key not in self._lanes:
            if fixed:
                self._close_lanes()  # whoever was served before may have had the same addresses
            self._lanes[key] = Lanes(names, fixed, self._station, self._background)
        self._lanes[key].stations_of(1)
        return self._lanes[key]

    def _station(self, name: str, lane: int, fixed: Address | None) -> Station:
        station = Station(name, self._background, lane)
        upstream = f"127.0.0.1:{self._background.call(station.listen())}"
        try:
            if fixed is not None:
                self._stand_at(station, upstream, fixed)
            else:
                self._stand_somewhere(station, upstream)
        except BaseException:
            self._background.call(station.close())
            raise
        host, _, port = station.proxy.listen.rpartition(":")
        self._hook.stations = {**self._hook.stations, (host, int(port)): station}
        return station

    def _stand_at(self, station: Station, upstream: str, address: Address) -> None:
        listen = f"{address[0]}:{address[1]}"
        name = f"{station.name}-{os.getpid()}-{address[1]}"
        try:
            station.stand_behind(self._make_proxy(self._server.client, name, upstream, listen))
        except ProxyRefused as refusal:
            if "address already in use" not in str(refusal):
                raise
            where = f"participant {station.name!r}, listen = {listen!r}"
            raise EnvironmentFault(misplaced(where, "somebody listening there", "a free address")) from None

    def _stand_somewhere(self, station: Station, upstream: str) -> None:
        for port in self._ports:
            proxy = f"{station.name}-{os.getpid()}-{port}"
            try:
                station.stand_behind(
                    self._make_proxy(self._server.client, proxy, upstream, f"127.0.0.1:{port}")
                )
            except ProxyRefused as refusal:
                if "address already in use" not in str(refusal):
                    raise
            else:
                break

    def _close_lanes(self) -> None:
        stations = [station for lanes in self._lanes.values() for station in lanes.stations()]
        self._lanes = {}
        for station in stations:
            self._background.call(station.close())
        with suppress(ProxyDied):  # then its proxies are gone already
            for station in stations:
                station.proxy.destroy()


def _new_folder(folders: list[Path]) -> Path:
    folders.append(Path(tempfile.mkdtemp(prefix="saga-chaos-")))
    return folders[-1]
