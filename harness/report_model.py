"""What a campaign writes and everything else reads: `report.json` and `failures/*.json`.

Owns the types of both files, their reading and writing, and the two rules
that all readers share: which verdict outweighs which, and the exit code of each. Refuses to show
anything (`reports` does) and to judge anything (`harness.campaign` does).

Keys that a newer minor version adds to `report.json` are skipped; a failure file is read to be
run again, so there an unknown key is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal

import msgspec

from harness.choices import SearchKind, WorldName
from harness.errors import PlanError, ReportError, misplaced, nearest
from harness.json_files import converted, json_object, pretty, write_whole
from harness.plan import Fault, FaultPlan, plan_from_json, plan_to_json
from harness.saga import Json

FORMAT_VERSION = 1


class ScenarioVerdict(StrEnum):
    """Of a scenario, or of a whole campaign."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Verdict(StrEnum):
    """Of one invariant, in a run or over all runs of a scenario.

    not_exercised: nothing happened that could have violated it.
    """

    HELD = "held"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    NOT_EXERCISED = "not_exercised"


class GuaranteeResult(StrEnum):
    """The result for one guarantee."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    NOT_EXERCISED = "not_exercised"


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


class ScenarioRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reference`: what the command line was given, so that it can be loaded again.

    path: the same from the folder of the file. digest: of what the scenario is made of. signature: shows
    that this machine wrote the file (`harness.campaign.references`). Each is empty where there is none.
    """

    name: str
    reference: str
    path: str = ""
    digest: str = ""
    signature: str = ""


class FoundBy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a counterexample was found: the search, its seed, and after how many runs."""

    kind: str = "guided"
    seed: int | None = None
    runs: int = 0


class FailureFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """failures/*.json: the smallest run that shows a violation, and all that replays it.

    claim: what the invariant says. message: what was found instead. evidence: event indexes in the
    history. history: path of the history, relative to the report's folder. added_claims: what the
    search let the saga claim on top of its own. unclaimed: those of them that the plan has faults of.
    printed: by the saga in that run. shown_input: the input without its secrets, where it has any; `input` is
    whole, for a replay needs it.
    """

    scenario: ScenarioRef
    world: WorldName
    plan: FaultPlan
    saga_id: str
    invariant: str
    input: Json = None
    verdict: Verdict = Verdict.VIOLATED
    claim: str = ""
    message: str = ""
    evidence: tuple[int, ...] = ()
    timeline: tuple[str, ...] = ()
    history: str | None = None
    search: FoundBy = FoundBy()
    tool: Tool = Tool()
    added_claims: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()
    printed: str = ""
    shown_input: Json = None
    format_version: int = FORMAT_VERSION

    @property
    def input_to_show(self) -> Json:
        """The input as it may be printed."""
        return self.input if self.shown_input is None else self.shown_input


EXIT_CODES: Mapping[ScenarioVerdict, int] = {
    ScenarioVerdict.PASS: 0,
    ScenarioVerdict.FAIL: 1,
    ScenarioVerdict.INCONCLUSIVE: 3,
}


def check_crashed(invariant: str) -> str:
    """The sentence about an invariant whose check crashed."""
    return f"The check of {invariant} crashed, so it is unknown."


def exit_code(verdict: ScenarioVerdict) -> int:
    """0 pass, 1 fail, 3 inconclusive."""
    return EXIT_CODES[verdict]


def worst(verdicts: Iterable[ScenarioVerdict]) -> ScenarioVerdict:
    """A fail outweighs an inconclusive, which outweighs a pass. Of none: inconclusive."""
    given = tuple(verdicts)
    for verdict in (ScenarioVerdict.FAIL, ScenarioVerdict.INCONCLUSIVE):
        if verdict in given:
            return verdict
    return ScenarioVerdict.PASS if given else ScenarioVerdict.INCONCLUSIVE


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


def write_failure(failure: FailureFile, path: Path) -> None:
    """Atomically, with the plan in its file form."""
    content = msgspec.to_builtins(failure) | {"plan": plan_to_json(failure.plan)}
    write_whole(path, pretty(content))


def read_failure(path: Path) -> FailureFile:
    """Raises ReportError; strictly, for what was misspelt would be replayed as something else."""
    content = json_object(path, FORMAT_VERSION)
    for name in content:
        if name not in FailureFile.__struct_fields__:
            raise ReportError(misplaced(f"{path}, key", name, nearest(name, FailureFile.__struct_fields__)))
    try:
        plan = plan_from_json(content.get("plan"), f"{path}, plan")
    except PlanError as error:
        raise ReportError(str(error)) from error
    return converted({**content, "plan": msgspec.to_builtins(plan)}, FailureFile, path)
