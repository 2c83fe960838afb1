"""The servers of all participants of one world, each behind a proxy of its own, from run to run.

Owns where a proxy listens: at the address that a service was given beforehand, or at any free port.
Refuses to know runs (`endpoint_sets`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from harness.errors import EnvironmentFault, misplaced
from harness.latency_profile import LatencyProfile
from harness.scenario import Scenario
from harness.toxiproxy.errors import ProxyDied, ProxyRefused
from harness.worlds.wire.background import Background
from harness.worlds.wire.brokers.kinds import KINDS
from harness.worlds.wire.brokers.processes import Brokers, Carrying
from harness.worlds.wire.endpoint_sets import Address, EndpointSets
from harness.worlds.wire.participant_proxy import ProxyLike
from harness.worlds.wire.participant_server import ParticipantServer
from harness.worlds.wire.ports import free_ports
from harness.worlds.wire.toxics import standing_toxics


class ParticipantServers:
    """make_proxy: by its name, its upstream and where it listens. watch: is called with each new server.

    profile: how long messages to each participant are under way.
    """

    def __init__(
        self,
        background: Background,
        make_proxy: Callable[[str, str, str], ProxyLike],
        watch: Callable[[Address, ParticipantServer], object],
        brokers: Brokers,
        profile: LatencyProfile | None = None,
    ) -> None:
        self._brokers = brokers
        self._profile = profile
        self._background = background
        self._make_proxy = make_proxy
        self._watch = watch
        self._ports = free_ports()
        self._endpoint_sets: dict[object, EndpointSets] = {}

    def of(self, scenario: Scenario) -> EndpointSets:
        """Those of a scenario's participants; made when they are first asked for. Raises EnvironmentFault."""
        names = tuple(participant.name for participant in scenario.participants)
        fixed: Mapping[str, Address] = getattr(scenario.saga, "listen", {})
        brokers = self._brokers.of(scenario)
        key = (names, tuple(sorted(fixed.items())), tuple(brokers.items()))
        if key not in self._endpoint_sets:
            if fixed:
                self.close()  # whoever was served before may have had the same addresses
            self._endpoint_sets[key] = EndpointSets(
                names, fixed, partial(self._new, brokers), self._background
            )
        self._endpoint_sets[key].participant_servers_of(1)
        return self._endpoint_sets[key]

    def close(self) -> None:
        """Stop all of them; others may be made after that."""
        participant_servers = [
            participant_server
            for endpoint_sets in self._endpoint_sets.values()
            for participant_server in endpoint_sets.participant_servers()
        ]
        self._endpoint_sets = {}
        for participant_server in participant_servers:
            self._background.call(participant_server.close())
        with suppress(ProxyDied):  # then its proxies are gone already
            for participant_server in participant_servers:
                participant_server.proxy.destroy()

    def _new(
        self, brokers: Mapping[str, Carrying], name: str, endpoint_set: int, fixed: Address | None
    ) -> ParticipantServer:
        participant_server = ParticipantServer(name, self._background, endpoint_set)
        if name in brokers:
            at = brokers[name]
            participant_server = KINDS[at.kind].server(
                name,
                self._background,
                endpoint_set,
                at.address,
                self._brokers.process(at),
                self._make_proxy,
            )
        upstream = f"127.0.0.1:{self._background.call(participant_server.listen())}"
        try:
            if fixed is not None:
                self._stand_at(participant_server, upstream, fixed)
            else:
                self._stand_somewhere(participant_server, upstream)
        except BaseException:
            self._background.call(participant_server.close())
            raise
        if self._profile is not None:
            for toxic in standing_toxics(self._profile.of(name)):
                participant_server.proxy.add_toxic(toxic)
        host, _, port = participant_server.proxy.listen.rpartition(":")
        self._watch((host, int(port)), participant_server)
        return participant_server

    def _stand_at(self, participant_server: ParticipantServer, upstream: str, address: Address) -> None:
        listen = f"{address[0]}:{address[1]}"
        name = f"{participant_server.name}-{os.getpid()}-{address[1]}"
        try:
            participant_server.stand_behind(self._make_proxy(name, upstream, listen))
        except ProxyRefused as refusal:
            if "address already in use" not in str(refusal):
                raise
            where = f"participant {participant_server.name!r}, listen = {listen!r}"
            raise EnvironmentFault(misplaced(where, "somebody listening there", "a free address")) from None

    def _stand_somewhere(self, participant_server: ParticipantServer, upstream: str) -> None:
        for port in self._ports:
            name = f"{participant_server.name}-{os.getpid()}-{port}"
            try:
                participant_server.stand_behind(self._make_proxy(name, upstream, f"127.0.0.1:{port}"))
            except ProxyRefused as refusal:
                if "address already in use" not in str(refusal):
                    raise
            else:
                break
