"""Runs counterexamples again and judges what became of them, for `saga-chaos replay`.

Owns the three words. STILL FAILS: the invariant of the file is violated again. FIXED: every fault of the
plan fired and nothing is violated. DIFFERS: something else is violated, a check crashed, it is not
known what a caller saw, or a fault no longer fires, so that nothing was shown. Refuses to print.

In sim one run is enough, for it is the same each time. On the wire a machine under load may be late
once: a run that violates nothing is tried again, up to three times, and FIXED needs all three
clean and all faults fired in one of them. A single violation is enough for STILL FAILS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from harness.campaign.claims import with_claims
from harness.campaign.content import digest_of
from harness.campaign.references import found_again
from harness.choices import ProxyKind, WorldName
from harness.cli.sources import content_of
from harness.errors import PlanError, ReportError, ScenarioError, misplaced, nearest
from harness.faults import kinds_of
from harness.inputs import as_json_text
from harness.invariants import Verdict, invariants_of
from harness.loading import load
from harness.packages import our_packages
from harness.plan import FaultPlan, check_plan
from harness.report_model import FailureFile, ScenarioRef
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search.run_summary import RunSummary
from harness.trial import trial

with our_packages():
    from reports.words import counted, plan_lines

WIRE_RUNS = 3

_Runs = tuple[str, WorldName, tuple[Claim, ...], bytes, FaultPlan]
"""What makes two replays the same: reference, world, added claims, input and plan."""


class Word(StrEnum):
    """What became of a counterexample."""

    STILL_FAILS = "STILL FAILS"
    FIXED = "FIXED"
    DIFFERS = "DIFFERS"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The word, and the sentence after it."""

    word: Word
    sentence: str

    @property
    def exit_code(self) -> int:
        """0 fixed, else 1."""
        return 0 if self.word is Word.FIXED else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A failure file that can be run here. reference: what loads its scenario. changed: since then."""

    path: Path
    failure: FailureFile
    reference: str
    scenario: Scenario
    world: WorldName
    added: tuple[Claim, ...]
    changed: bool = False

    @property
    def key(self) -> _Runs:
        """Equal for files that one run can decide."""
        given = as_json_text(self.failure.input, str(self.path))
        return self.reference, self.world, self.added, given, self.failure.plan


@dataclass(slots=True, kw_only=True)
class Replays:
    """Runs failure files again. One run decides all files with the same plan.

    world: instead of that which a file was found in. note: called with the messages of a worker.
    """

    world: WorldName | None
    proxy: ProxyKind
    note: Callable[[str], None]
    _known: dict[_Runs, tuple[RunSummary, ...]] = field(default_factory=dict)

    def case(self, path: Path, failure: FailureFile, reference: str) -> Case:
        """Load its scenario and check it. Raises UsageError that names the file and the place in it."""
        added = _added_claims(failure, path)
        own = _scenario(path, reference)
        scenario = with_claims(own, own.spec.claims | set(added)) if added else own
        world = scenario.world(self.world or failure.world)
        _check(failure, scenario, path, world)
        digest = failure.scenario.digest
        return Case(
            path=path,
            failure=failure,
            reference=reference,
            scenario=scenario,
            world=world,
            added=added,
            changed=bool(digest) and digest != digest_of(content_of(own)),
        )

    def run(self, case: Case) -> tuple[RunSummary, ...]:
        """The last one counts."""
        if case.key not in self._known:
            self._known[case.key] = tuple(self._fresh(case))
        return self._known[case.key]

    def _fresh(self, case: Case) -> list[RunSummary]:
        run_summaries: list[RunSummary] = []
        given = case.failure.input
        with trial(case.scenario, given, case.world, self.proxy, self.note, case.added) as run_plans:
            for _ in range(1 if case.world == "sim" else WIRE_RUNS):
                run_summaries += run_plans([case.failure.plan])
                if run_summaries[-1].violated:
                    break
        return run_summaries


def judged(invariant: str, run_summaries: Sequence[RunSummary]) -> Replayed:
    """The verdict from the runs."""
    last = run_summaries[-1]
    if invariant in last.violated:
        return Replayed(Word.STILL_FAILS, f"{invariant}: {last.found[invariant].message}")
    if last.violated:
        others = ", ".join(f"{id_} ({last.found[id_].message})" for id_ in last.violated)
        return Replayed(Word.DIFFERS, f"{invariant} is not violated, but {others}")
    return _unless_shown(run_summaries) or _fixed(run_summaries)


def _unless_shown(run_summaries: Sequence[RunSummary]) -> Replayed | None:
    """Why runs without a violation prove nothing; None where they do."""
    last = run_summaries[-1]
    crashed = [id_ for id_, one in last.found.items() if one.verdict is Verdict.UNKNOWN]
    if crashed:
        return Replayed(Word.DIFFERS, f"the check of {', '.join(crashed)} crashed, so nothing is known")
    void = next((one for run_summary in run_summaries for one in run_summary.unconfirmed if one.void), None)
    if void is not None:
        return Replayed(Word.DIFFERS, f"it is not known what the caller saw, so nothing is: {void.reason}")
    fullest = max(run_summaries, key=lambda run_summary: sum(times > 0 for times in run_summary.fired))
    lines = plan_lines(fullest.plan)
    faults = len(fullest.plan.faults)
    missed = [lines[index] for index, times in enumerate(fullest.fired) if not times]
    missed += [
        lines[faults + index]
        for index in range(len(fullest.plan.preemptions))
        if index not in fullest.preempted
    ]
    if missed:
        told = "; ".join(missed)
        return Replayed(Word.DIFFERS, f"nothing is violated, but the plan no longer fires: {told}")
    return None


def _fixed(run_summaries: Sequence[RunSummary]) -> Replayed:
    ended = ", ".join(str(status) for status in run_summaries[-1].statuses)
    times = f" in {counted(len(run_summaries), 'run')}" if len(run_summaries) > 1 else ""
    return Replayed(Word.FIXED, f"every fault fired, the saga ended {ended}, nothing is violated{times}")


def registered_or_own(file: Path, scenario: ScenarioRef) -> str:
    """What loads the scenario of a failure file. Raises UsageError for code that only the file names."""
    with our_packages():
        from scenarios import REGISTRY  # noqa: PLC0415 - only the command line sees everything

    return found_again(file, scenario, REGISTRY)


def _added_claims(failure: FailureFile, path: Path) -> tuple[Claim, ...]:
    """What the search let the saga claim (`--unclaimed`): its run is judged in the same way again."""
    for name in failure.added_claims:
        if name not in list(Claim):
            raise ReportError(misplaced(f"{path}, added_claims", name, nearest(name, Claim)))
    return tuple(Claim(name) for name in failure.added_claims)


def _scenario(path: Path, reference: str) -> Scenario:
    try:
        return load(reference)
    except ScenarioError as error:
        where = f"{path}, scenario.reference"
        raise ScenarioError(f"{where}: {error}; --scenario names it where it is elsewhere now") from None


def _check(failure: FailureFile, scenario: Scenario, path: Path, world: str) -> None:
    known = invariants_of(scenario)
    if failure.invariant not in known:
        expected = nearest(failure.invariant, known)
        raise ReportError(misplaced(f"{path}, invariant", failure.invariant, expected))
    try:
        check_plan(
            failure.plan,
            operations=scenario.operations,
            kinds=kinds_of(scenario),
            world=world,
            deliveries=scenario.deliveries,
        )
    except PlanError as error:
        raise PlanError(f"{path}, {error}") from None
