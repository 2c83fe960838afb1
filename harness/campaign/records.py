"""The lines of `runs.ndjson`: what a campaign was asked, each run that ended, and how each scenario ended.

Owns the form of the file: one JSON object a line, `type` says which. A run line is compact: verdicts are
one letter for each invariant and operations are numbers, both by the tables of the scenario in the first
line; what is at its default is left out. Refuses to read or write files (`harness.campaign.journal`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from harness.choices import ProxyKind, SearchKind, WorldName
from harness.plan import PlannedFault, PlannedPreemption
from harness.report_model import Proxy, Search
from harness.search.chunks import ChunkEnded
from harness.search.run_summary import Found, Unconfirmed

FORMAT_VERSION = 1

Part = Literal["stored", "guided", "interleaved", "deeper", "drawn", "shrunk_drawn", "rest", "minimised"]
"""Which part of a campaign made a run, in the order of the campaign: counterexamples of earlier campaigns,
guided search (where several sagas overlap, its single faults, the interleavings, and then its plans of more
faults), plans that Hypothesis drew, plans by which it shrinks, faults where only drawn plans led, and
the last shrinking. Runs of the last part are not counted: they repeat what was found with less."""

PARTS: tuple[Part, ...] = (
    *("stored", "guided", "interleaved", "deeper"),
    *("drawn", "shrunk_drawn", "rest", "minimised"),
)

Operation = int | str
"""An index into the operations of the scenario; a name where it is none of them."""


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The options that decide which runs a campaign makes. None: the default of the world."""

    world: WorldName | None = None
    search: SearchKind = "both"
    depth: int | None = None
    examples: int | None = None
    seed: int | None = None
    seconds: float | None = None
    proxy: ProxyKind = "auto"
    unclaimed: bool = False
    stored: bool = False
    only: tuple[str, ...] = ()
    sagas: int | None = None
    fail_fast: bool = False


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a campaign began. began: UTC. command: its arguments. previous: the folder of the report before."""

    began: str = ""
    command: tuple[str, ...] = ()
    previous: str = ""


class ScenarioEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario of the campaign. content: what it is made of, by name, with a hash of each.

    invariants: in the order of the letters in `verdicts`. operations: in the order of their numbers.
    """

    name: str
    reference: str
    world: WorldName
    content: Mapping[str, str]
    invariants: tuple[str, ...]
    operations: tuple[str, ...]


class CampaignLine(
    msgspec.Struct, frozen=True, kw_only=True, tag="campaign", tag_field="type", forbid_unknown_fields=True
):
    """The first line. versions: of what decides what is drawn and judged."""

    format_version: int = FORMAT_VERSION
    origin: Origin = Origin()
    versions: Mapping[str, str]
    options: Options
    scenarios: tuple[ScenarioEntry, ...]


class DrawnEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An input that was drawn, itself."""

    drawn: msgspec.Raw


InputEntry = int | DrawnEntry
"""The index of an input of the scenario, or one that was drawn."""


class StoredJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A counterexample of an earlier campaign that is tried."""

    input: InputEntry
    plan: tuple[PlannedFault, ...]
    preemptions: tuple[PlannedPreemption, ...] = ()
    sagas: int = 1
    other_inputs: tuple[InputEntry, ...] = ()


class BeganLine(
    msgspec.Struct, frozen=True, kw_only=True, tag="began", tag_field="type", forbid_unknown_fields=True
):
    """The search of a scenario began. stored: what is tried first."""

    scenario: int
    stored: tuple[StoredJob, ...] = ()


class RunKey(msgspec.Struct, frozen=True, order=True):
    """The place of a run in the order of its campaign, whenever it ended. part: an index of `PARTS`."""

    scenario: int
    part: int
    chunk: int
    number: int

    def __str__(self) -> str:
        return f"{self.scenario}-{PARTS[self.part]}-{self.chunk}-{self.number}"


class RunLine(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag="run",
    tag_field="type",
    forbid_unknown_fields=True,
):
    """A run that ended. See `harness.search.run_summary.RunSummary` for what has the same name there.

    scenario, part, chunk, number: its place in the order of the campaign. t_s: real seconds since the search
    of the scenario began. verdicts: a letter for each invariant of the scenario (h held, v violated,
    n not exercised, u unknown, - not judged). other_inputs: of the sagas but the first, where not all have
    `input`. found: what there is to say of them. fired: kind, operation and
    how many calls in a row. sites: operation, nth and the index of the last fault that had struck.
    senders: of a run of several sagas, for each site the number of the one whose call it is (0: of none).
    gaps: the same, and the moments. history: it is kept in `histories/runs` while anything needs it.
    """

    scenario: int
    part: Part
    number: int
    chunk: int = 0
    t_s: float
    input: InputEntry
    plan: tuple[PlannedFault, ...] = ()
    preemptions: tuple[PlannedPreemption, ...] = ()
    sagas: int = 1
    other_inputs: tuple[InputEntry, ...] = ()
    saga_id: str
    verdicts: str
    found: Mapping[str, Found] = {}
    strikes: tuple[int, ...] = ()
    as_planned: tuple[int, ...] | None = None
    unconfirmed: tuple[Unconfirmed, ...] = ()
    collateral: int = 0
    fired: tuple[tuple[str, Operation, int], ...] = ()
    preempted: tuple[int, ...] = ()
    sites: tuple[tuple[Operation, int, int], ...] = ()
    senders: tuple[int, ...] = ()
    gaps: tuple[tuple[Operation, int, int, tuple[str, ...]], ...] = ()
    first: tuple[int, ...] = ()
    unfollowed: tuple[int, ...] = ()
    healed: tuple[str, ...] = ()
    trace: bytes
    reaction: bytes = b""
    situations: tuple[str, ...] = ()
    statuses: tuple[str | None, ...] = ()
    compensation_s: tuple[float, ...] = ()
    left: tuple[tuple[str, str | None], ...] = ()
    early_repeat: str = ""
    lapsed: str = ""
    trouble: str = ""
    cut_short: bool = False
    history: bool = False
    fingerprint: bytes = b""

    @property
    def key(self) -> RunKey:
        """Its place."""
        return RunKey(self.scenario, PARTS.index(self.part), self.chunk, self.number)


class ChunkLine(
    msgspec.Struct, frozen=True, kw_only=True, tag="chunk", tag_field="type", forbid_unknown_fields=True
):
    """A chunk of drawn plans ended. came_to: its result."""

    scenario: int
    part: Part
    chunk: int
    came_to: ChunkEnded


class TimeUpLine(
    msgspec.Struct, frozen=True, kw_only=True, tag="time_up", tag_field="type", forbid_unknown_fields=True
):
    """The time for a search was over once that many runs and chunks of a part had been requested."""

    scenario: int
    part: Part
    runs: int
    chunks: int

    @property
    def place(self) -> Place:
        """To compare."""
        return PARTS.index(self.part), self.runs, self.chunks


Place = tuple[int, int, int]
"""How far a search has come: an index of `PARTS`, runs and chunks of it that were asked for."""


class EndedLine(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag="ended",
    tag_field="type",
    forbid_unknown_fields=True,
):
    """The search of a scenario ended; environment: what cut it short, so that it can be resumed."""

    scenario: int
    search: Search
    proxy: Proxy = Proxy()
    duration_s: float = 0.0
    environment: str | None = None


Line = CampaignLine | BeganLine | RunLine | ChunkLine | TimeUpLine | EndedLine
