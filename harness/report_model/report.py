"""`report.json`: what a campaign found, scenario by scenario.

Owns its types, reading and writing. Refuses to show anything (`reports` does).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from harness.choices import SearchKind, WorldName
from harness.json_files import converted, json_object, pretty, write_whole
from harness.plan import Fault, FaultPlan, plan_to_json
from harness.report_model.verdicts import GuaranteeResult, ScenarioVerdict, Verdict

FORMAT_VERSION = 1


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote the file."""

    name: str = "saga-chaos"
    version: str = ""


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """Which proxy stood between saga and participants; `none` in sim."""

    kind: Literal["toxiproxy", "embedded", "none"] = "none"
    version: str = ""


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What Hypothesis drew. `all_fired`: plans whose faults all fired. three_or_more: of these, with so many.

    dropped: drawn faults that did not fire, and were taken out of their plan again.
    """

    plans: int = 0
    all_fired: int = 0
    three_or_more: int = 0
    dropped: int = 0


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Counterexamples of earlier campaigns that were tried first, and how many of them fail still."""

    tried: int = 0
    failing: int = 0


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """How plans were found. `left_out` counts plans that the depth held and time did not.

    left_out_parts: the same by part of the search, in its order, for those parts that are not whole.
    interleavings: runs of guided search that started several sagas.
    drawn: None where Hypothesis was not asked. singles_complete: whether every single fault was tried at
    every operation that a run reached, which a pass needs. needs_s, singles_need_s: about how many seconds
    the whole search takes, and that of single faults alone; None where nothing of it was left out.
    """

    kind: SearchKind = "both"
    depth: int = 0
    complete: bool = False
    singles_complete: bool = False
    needs_s: float | None = None
    singles_need_s: float | None = None
    left_out: int = 0
    left_out_parts: Mapping[str, int] = {}
    interleavings: int = 0
    drawn: Drawn | None = None
    stored: Stored = Stored()


class AtStep(msgspec.Struct, frozen=True, kw_only=True):
    """A counterexample at another step than that of the smallest one. failure: path, as of `Invariant`."""

    step: str
    failure: str
    minimal_faults: int = 0


class Invariant(msgspec.Struct, frozen=True, kw_only=True):
    """`failure`: path of the smallest counterexample, relative to the report's folder.

    claim: one sentence. crash: the traceback where the invariant itself broke. failures: distinct
    counterexamples on disk. elsewhere: the smallest counterexample of each other step at a service of the
    user's, for each of these may have a mistake of its own.
    """

    id: str
    verdict: Verdict
    runs: int = 0
    violations: int = 0
    minimal_faults: int | None = None
    minimal_preemptions: int = 0
    failure: str | None = None
    claim: str = ""
    crash: str | None = None
    failures: int = 0
    elsewhere: tuple[AtStep, ...] = ()


class SiteCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often a kind was planned and fired at one operation."""

    kind: str
    operation: str
    planned: int = 0
    fired: int = 0


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """`by_kind` counts those that fired."""

    planned: int = 0
    fired: int = 0
    by_kind: Mapping[str, int] = {}
    by_operation: tuple[SiteCount, ...] = ()


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """`reach`: one sentence on how to bring it about."""

    id: str
    required: bool = False
    seen: int = 0
    reach: str = ""


class Guarantee(msgspec.Struct, frozen=True, kw_only=True):
    """`failure`: path of the smallest counterexample that needs one of its faults.

    reason: why nothing of it can strike this saga, where that is why it was not exercised.
    """

    id: str
    claimed: bool
    result: GuaranteeResult
    failure: str | None = None
    reason: str = ""


class CompensationLatency(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds; None where nothing was compensated."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    n: int = 0


class Impossible(msgspec.Struct, frozen=True, kw_only=True):
    """A fault kind that may not strike an operation, and why."""

    fault: str
    operation: str
    reason: str


class Unconfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """Faults of a kind that were set at an operation `times` times, and did not fire; `reason`: of the first.

    void: it is not known what the caller saw, so that these runs were not judged.
    """

    fault: str
    operation: str
    reason: str
    toxic: str | None = None
    times: int = 1
    void: bool = False


class LeftOver(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that runs which ended `stuck` left for a person."""

    resource: str
    step: str | None = None
    runs: int = 1


class ScenarioReport(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario in one world. `unfired`: single faults without a receipt that were possible.

    unconfirmed: faults that were set, and whose effect nobody saw.
    lacking: plain sentences on what a pass lacks. notes: those, and others on what was left out. advice: on
    what is not judged. unclaimed: whether faults of guarantees that the saga does not claim were sent too.
    duration_s: real seconds. only: the invariants that runs were judged by; empty: all.
    """

    name: str
    world: WorldName
    verdict: ScenarioVerdict
    invariants: tuple[Invariant, ...]
    saga: str = ""
    runs: int = 0
    search: Search = Search()
    faults: Faults = Faults()
    situations: tuple[Situation, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()
    compensation_latency_s: CompensationLatency | None = None
    claims: tuple[str, ...] = ()
    not_claimed: tuple[str, ...] = ()
    impossible: tuple[Impossible, ...] = ()
    unfired: tuple[Fault, ...] = ()
    lacking: tuple[str, ...] = ()
    unconfirmed: tuple[Unconfirmed, ...] = ()
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    left_over: tuple[LeftOver, ...] = ()
    unclaimed: bool = False
    only: tuple[str, ...] = ()
    duration_s: float = 0.0

    @property
    def title(self) -> str:
        """Name and world."""
        return f"{self.name} ({self.world})"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a report comes from. A field that could not be determined is empty.

    began: UTC. commit, uncommitted: of the folder in which the command ran, and whether files that git knows
    were changed there. previous: the folder of the report before this one, as a path from the report's.
    """

    began: str = ""
    command: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = {}
    commit: str = ""
    uncommitted: bool = False
    previous: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """report.json. `environment`: what the machine did that cut the campaign short."""

    verdict: ScenarioVerdict
    scenarios: tuple[ScenarioReport, ...]
    format_version: int = FORMAT_VERSION
    tool: Tool = Tool()
    duration_s: float = 0.0
    proxy: Proxy = Proxy()
    environment: str | None = None
    provenance: Provenance = Provenance()


def write_report(report: Report, path: Path) -> None:
    """Atomically, with faults in their file form.

    Raises EnvironmentFault where the folder does not take it.
    """
    content = msgspec.to_builtins(report)
    for written, scenario in zip(content["scenarios"], report.scenarios, strict=True):
        written["unfired"] = plan_to_json(FaultPlan(scenario.unfired))
    write_whole(path, pretty(content))


def read_report(path: Path) -> Report:
    """Raises ReportError that names file, place, what was found and what was expected."""
    return converted(json_object(path, FORMAT_VERSION), Report, path)
