"""Sets up once what many runs share: a proxy server, the participants' stations, the httpx wrapper.

One run at a time; whoever wants several side by side takes several processes, each with a world and
a proxy server of its own.
"""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from harness.adapter import CallableSaga
from harness.clock.real import monotonic_s
from harness.errors import EnvironmentFault, UsageError
from harness.faults import KINDS
from harness.faults.door import Door
from harness.faults.engine import FaultEngine
from harness.history import History, Recorder
from harness.plan import FaultPlan
from harness.saga import Json
from harness.scenario import Scenario
from harness.toxiproxy.client import ProxyClient
from harness.toxiproxy.discovery import find_server
from harness.toxiproxy.errors import ProxyDied, ProxyRefused
from harness.toxiproxy.server import ProxyServer
from harness.worlds.turn import turn_of
from harness.worlds.wire.background import Background
from harness.worlds.wire.ease import at_ease
from harness.worlds.wire.front import ProxyLike
from harness.worlds.wire.hook import HttpxHook
from harness.worlds.wire.ports import free_ports
from harness.worlds.wire.run import WireRun
from harness.worlds.wire.station import Station
from harness.worlds.wire.traffic import Traffic

RESETTING = ("reset_before", "reset_after")

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
        self._lanes: dict[tuple[str, ...], Mapping[str, Station]] = {}
        self._unseen: set[str] = set()
        self._runs = 0

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

    def run(self, scenario: Scenario, input_: Json, plan: FaultPlan, saga_id: str) -> History:
        """One run. Raises UsageError for what is no callable, EnvironmentFault where the proxy fails."""
        saga = _callable(scenario)
        stations = self._lane(scenario)
        self._runs += 1
        began_s = monotonic_s()
        recorder = Recorder(lambda: monotonic_s() - began_s)
        traffic = self._traffic(scenario, plan, saga_id, recorder)
        stores: list[Path] = []
        self._begin(stations, traffic, plan)
        try:
            run = WireRun(
                scenario=scenario,
                input_=input_,
                saga_id=saga_id,
                saga=saga,
                traffic=traffic,
                recorder=recorder,
                stations=stations,
                background=self._background,
                urls={name: f"http://{station.proxy.listen}" for name, station in stations.items()},
                make_store=functools.cache(lambda: _new_store(stores)),
            )
            history = run.execute(lambda: self._all_seen(scenario, traffic))
        finally:
            self._end(stations, traffic)
            for store in stores:
                shutil.rmtree(store, ignore_errors=True)
        return history

    # A run's frame ----------------------------------------------------------------------------

    def _traffic(self, scenario: Scenario, plan: FaultPlan, saga_id: str, recorder: Recorder) -> Traffic:
        door = Door(
            spec=scenario.spec,
            participants={prototype.name: prototype.fresh() for prototype in scenario.participants},
            engine=FaultEngine(plan, KINDS, scenario.spared),
            recorder=recorder,
            saga_ids=(saga_id,),
        )
        return Traffic(door=door, number=self._runs, loop=self._background.loop, suspect=self._suspect)

    def _begin(self, stations: Mapping[str, Station], traffic: Traffic, plan: FaultPlan) -> None:
        resetting = {fault.operation.partition(".")[0] for fault in plan.faults if fault.kind in RESETTING}
        for station in stations.values():
            station.begin(traffic)
        if resetting:
            self._background.call(_make_resettable(stations, resetting))
        self._hook.traffic = traffic

    def _end(self, stations: Mapping[str, Station], traffic: Traffic) -> None:
        self._hook.traffic = None
        try:
            if any(station.touched for station in stations.values()):
                self._background.call(_end_all(stations))
        except EnvironmentFault as fault:
            raise traffic.fault or fault from None
        if traffic.fault is None and (traffic.untagged_seen or not traffic.tagged_seen):
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

    def _lane(self, scenario: Scenario) -> Mapping[str, Station]:
        names = tuple(participant.name for participant in scenario.participants)
        if names not in self._lanes:
            stations = {name: self._station(name) for name in names}
            self._lanes[names] = stations
            for station in stations.values():
                host, _, port = station.proxy.listen.rpartition(":")
                self._hook.stations = {**self._hook.stations, (host, int(port)): station}
        return self._lanes[names]

    def _station(self, name: str) -> Station:
        station = Station(name, self._background)
        upstream = f"127.0.0.1:{self._background.call(station.listen())}"
        for port in self._ports:
            proxy = f"{name}-{os.getpid()}-{port}"
            try:
                station.stand_behind(
                    self._make_proxy(self._server.client, proxy, upstream, f"127.0.0.1:{port}")
                )
            except ProxyRefused as refusal:
                if "address already in use" not in str(refusal):
                    raise
            else:
                break
        return station

    def _close_lanes(self) -> None:
        stations = [station for lane in self._lanes.values() for station in lane.values()]
        for station in stations:
            self._background.call(station.close())
        with suppress(ProxyDied):  # then its proxies are gone already
            for station in stations:
                station.proxy.destroy()


def _callable(scenario: Scenario) -> CallableSaga:
    if not isinstance(scenario.saga, CallableSaga):
        raise UsageError(
            f"scenario {scenario.name!r}: found saga {scenario.saga.name!r}, which is no callable; "
            "expected one, for the subprocess and http adapters come with the next release"
        )
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return scenario.saga
    raise UsageError(
        f"scenario {scenario.name!r}: found a running event loop on this thread, expected none: a wire run "
        "waits in real time and would block it"
    )


async def _make_resettable(stations: Mapping[str, Station], names: set[str]) -> None:
    for name in sorted(names):
        await stations[name].make_resettable()


async def _end_all(stations: Mapping[str, Station]) -> None:
    for station in stations.values():
        await station.end()


def _new_store(stores: list[Path]) -> Path:
    stores.append(Path(tempfile.mkdtemp(prefix="saga-chaos-")))
    return stores[-1]
