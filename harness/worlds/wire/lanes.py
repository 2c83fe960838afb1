"""The lanes of the participants: each executor that runs beside another has addresses of its own.

All lanes lead to the same participants; by its lane the door knows whose request it is. Owns making
a lane when it is first needed. A participant with a fixed address has just one station, in no lane.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.plan import FaultPlan
from harness.worlds.wire.background import Background
from harness.worlds.wire.outages import Outages
from harness.worlds.wire.station import Station
from harness.worlds.wire.traffic import Traffic

SHARED = 0
"""The lane of those that have none: whoever began last is taken for their caller."""

RESETTING = ("reset_before", "reset_after", "participant_crash")

Address = tuple[str, int]
MakeStation = Callable[[str, int, Address | None], Station]


class Lanes:
    """Those of one set of participants, from run to run. Lanes are numbered from 1."""

    def __init__(
        self,
        names: tuple[str, ...],
        fixed: Mapping[str, Address],
        make: MakeStation,
        background: Background,
    ) -> None:
        self._names = names
        self._fixed = fixed
        self._make = make
        self._background = background
        self._lanes: dict[int, dict[str, Station]] = {}
        self._traffic: Traffic | None = None
        self._resetting: frozenset[str] = frozenset()
        self._outages: Outages | None = None

    def stations_of(self, lane: int) -> Mapping[str, Station]:
        """By participant; made when they are first asked for."""
        made = self._lanes.setdefault(lane, {})
        for name in self._names:
            if name not in made:
                made[name] = self._station(name, lane)
        return made

    def stations(self) -> tuple[Station, ...]:
        """All of all lanes."""
        found = {id(one): one for lane in self._lanes.values() for one in lane.values()}
        return tuple(found.values())

    def of(self, participant: str) -> tuple[Station, ...]:
        """One participant's, in all lanes."""
        return tuple(one for one in self.stations() if one.name == participant)

    def urls(self, lane: int) -> Mapping[str, str]:
        """What an executor in a lane is told."""
        return {name: f"http://{one.proxy.listen}" for name, one in self.stations_of(lane).items()}

    # A run ------------------------------------------------------------------------------------

    def begin(self, traffic: Traffic, plan: FaultPlan, outages: Outages | None = None) -> None:
        """Serve a run."""
        self._traffic, self._outages = traffic, outages
        self._resetting = frozenset(
            fault.operation.partition(".")[0] for fault in plan.faults if fault.kind in RESETTING
        )
        for station in self.stations():
            self._prepare(station, traffic)

    def end(self) -> None:
        """The run is over. Raises EnvironmentFault where a toxic is left."""
        self._traffic = None
        touched = [station for station in self.stations() if station.touched]
        if touched:
            self._background.call(_end_all(touched))

    def _station(self, name: str, lane: int) -> Station:
        for other in self._lanes.values():
            if name in self._fixed and name in other:
                return other[name]
        address = self._fixed.get(name)
        station = self._make(name, SHARED if address else lane, address)
        if self._traffic is not None:
            self._prepare(station, self._traffic)
        return station

    def _prepare(self, station: Station, traffic: Traffic) -> None:
        station.begin(traffic)
        station.outages = self._outages
        if self._outages:
            self._background.call(self._outages.joined(station))
        if station.name in self._resetting:
            self._background.call(station.make_resettable())


async def _end_all(stations: list[Station]) -> None:
    for station in stations:
        await station.end()
