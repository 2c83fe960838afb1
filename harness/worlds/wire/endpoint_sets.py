"""The endpoint sets of the participants: each executor that runs beside another has addresses of its own.

All endpoint sets lead to the same participants; by its endpoint set the fault injector knows whose request it
is. Owns making
an endpoint set when it is first needed. A participant with a fixed address has just one server, in no
endpoint set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.worlds.wire.background import Background
from harness.worlds.wire.outages import Outages
from harness.worlds.wire.participant_server import ParticipantServer
from harness.worlds.wire.traffic import Traffic

SHARED = 0
"""The endpoint set of those that have none: whoever began last is taken for their caller."""

Address = tuple[str, int]
MakeParticipantServer = Callable[[str, int, Address | None], ParticipantServer]


class EndpointSets:
    """Those of one set of participants, from run to run. Lanes are numbered from 1."""

    def __init__(
        self,
        names: tuple[str, ...],
        fixed: Mapping[str, Address],
        make: MakeParticipantServer,
        background: Background,
    ) -> None:
        self._names = names
        self._fixed = fixed
        self._make = make
        self._background = background
        self._endpoint_sets: dict[int, dict[str, ParticipantServer]] = {}
        self._traffic: Traffic | None = None
        self._resetting: frozenset[str] = frozenset()
        self._outages: Outages | None = None

    def participant_servers_of(self, endpoint_set: int) -> Mapping[str, ParticipantServer]:
        """By participant; made when they are first asked for."""
        made = self._endpoint_sets.setdefault(endpoint_set, {})
        for name in self._names:
            if name not in made:
                made[name] = self._participant_server(name, endpoint_set)
        return made

    def participant_servers(self) -> tuple[ParticipantServer, ...]:
        """All of all endpoint sets."""
        found = {
            id(one): one for endpoint_set in self._endpoint_sets.values() for one in endpoint_set.values()
        }
        return tuple(found.values())

    def of(self, participant: str) -> tuple[ParticipantServer, ...]:
        """One participant's, in all endpoint sets."""
        return tuple(one for one in self.participant_servers() if one.name == participant)

    def urls(self, endpoint_set: int) -> Mapping[str, str]:
        """The environment of an executor in an endpoint set."""
        return {name: one.url for name, one in self.participant_servers_of(endpoint_set).items()}

    # A run ------------------------------------------------------------------------------------

    def begin(
        self, traffic: Traffic, *, resetting: frozenset[str] = frozenset(), outages: Outages | None = None
    ) -> None:
        """Serve a run. resetting: participants whose connections are to be reset, and not only closed."""
        self._traffic, self._outages = traffic, outages
        self._resetting = resetting
        for participant_server in self.participant_servers():
            self._prepare(participant_server, traffic)

    def end(self) -> None:
        """The run is over. Raises EnvironmentFault where a toxic is left."""
        self._traffic = None
        touched = [
            participant_server
            for participant_server in self.participant_servers()
            if participant_server.touched
        ]
        if touched:
            self._background.call(_end_all(touched))

    def _participant_server(self, name: str, endpoint_set: int) -> ParticipantServer:
        for other in self._endpoint_sets.values():
            if name in self._fixed and name in other:
                return other[name]
        address = self._fixed.get(name)
        participant_server = self._make(name, SHARED if address else endpoint_set, address)
        if self._traffic is not None:
            self._prepare(participant_server, self._traffic)
        return participant_server

    def _prepare(self, participant_server: ParticipantServer, traffic: Traffic) -> None:
        participant_server.begin(traffic)
        participant_server.outages = self._outages
        if self._outages:
            self._background.call(self._outages.joined(participant_server))
        if participant_server.name in self._resetting:
            self._background.call(participant_server.make_resettable())


async def _end_all(participant_servers: list[ParticipantServer]) -> None:
    for participant_server in participant_servers:
        await participant_server.end()
