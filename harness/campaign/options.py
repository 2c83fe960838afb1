"""What a campaign is asked for, and what it does where nothing was asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.campaign.content import described
from harness.campaign.records import Options, Origin
from harness.choices import ProxyKind, SearchKind, WorldName
from harness.errors import UsageError, misplaced
from harness.history import History
from harness.saga import MOST_SAGAS
from harness.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Of one world (DESIGN, "Command line")."""

    depth: int
    examples: int
    workers: int


DEFAULTS = {
    "sim": Defaults(depth=2, examples=500, workers=max(1, min(os.cpu_count() or 1, 8))),
    # Wire runs mostly wait, for the saga's time-outs and back-offs.
    "wire": Defaults(depth=1, examples=25, workers=max(2, min(6 * (os.cpu_count() or 1), 24))),
}


WITH_BROKER = 2
"""Workers on the wire, unless asked otherwise, where each starts a broker: that takes a core for seconds."""

WITH_SERVICES = max(2, min(2 * (os.cpu_count() or 1), 8))
"""Workers where each starts the user's services for itself: these take memory, and their runs mostly wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOptions:
    """None means the world's default. `load` finds a scenario again in a worker process.

    narrate: a history and the evidence in it to timeline lines, for the failure files.
    in_process: run everything here, with no workers: for tests, and for `pytest -n`.
    unclaimed: send the faults of all guarantees, whatever the saga claims.
    until_first: end the search at the first run that violates something; no further scenario is begun.
    sagas: how many sagas a run may start, instead of what the scenario says; 1: none beside the first.
    only: ids of the invariants that runs are judged by; empty: by all.
    content: what a scenario is made of, by name, with a hash of each: a campaign of another is not resumed.
    origin: how the campaign began, for the record.
    stored: the folder of counterexamples that are tried first and kept for the next time; None: none are.
    """

    out: Path
    load: Callable[[str], Scenario]
    narrate: Callable[[History, tuple[int, ...]], list[str]]
    world: WorldName | None = None
    search: SearchKind = "both"
    depth: int | None = None
    examples: int | None = None
    seed: int | None = None
    seconds: float | None = None
    workers: int | None = None
    proxy: ProxyKind = "auto"
    in_process: bool = False
    unclaimed: bool = False
    until_first: bool = False
    only: tuple[str, ...] = ()
    sagas: int | None = None
    stored: Path | None = None
    content: Callable[[Scenario], Mapping[str, str]] = described
    origin: Origin = field(default_factory=Origin)

    def __post_init__(self) -> None:
        self._at_least("--depth", self.depth, 0)
        self._at_least("--examples", self.examples, 1)
        self._at_least("--workers", self.workers, 1)
        if self.sagas is not None and not 1 <= self.sagas <= MOST_SAGAS:
            raise UsageError(misplaced("--sagas", self.sagas, f"a whole number, 1 to {MOST_SAGAS}"))
        if self.seconds is not None and not self.seconds > 0:
            raise UsageError(misplaced("--seconds", self.seconds, "a number above 0"))

    def _at_least(self, name: str, value: int | None, least: int) -> None:
        if value is not None and value < least:
            raise UsageError(misplaced(name, value, f"a whole number from {least} on"))

    def resolved(self, world: str, scenario: Scenario | None = None) -> Defaults:
        """Depth, examples and workers for a world; fewer workers where each starts something of its own."""
        default = DEFAULTS[world]
        workers = default.workers
        if scenario is not None and any(one.launch.start for one in scenario.own_services):
            workers = min(workers, WITH_SERVICES)
        if world == "wire" and scenario is not None and scenario.starts_a_broker:
            workers = min(workers, WITH_BROKER)
        return Defaults(
            depth=default.depth if self.depth is None else self.depth,
            examples=default.examples if self.examples is None else self.examples,
            workers=workers if self.workers is None else self.workers,
        )

    def recorded(self) -> Options:
        """The part of the options that decides which runs a campaign makes."""
        return Options(
            world=self.world,
            search=self.search,
            depth=self.depth,
            examples=self.examples,
            seed=self.seed,
            seconds=self.seconds,
            proxy=self.proxy,
            unclaimed=self.unclaimed,
            stored=self.stored is not None,
            only=self.only,
            sagas=self.sagas,
            fail_fast=self.until_first,
        )
