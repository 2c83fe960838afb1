"""From a tally to the report of a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.campaign.options import WorldName
from harness.campaign.tally import InvariantTally, Tally
from harness.campaign.verdict import coverage, guarantees, judge
from harness.faults.unlocked import unlocked_faults
from harness.invariants import INVARIANTS
from harness.latency import summarised
from harness.report_model import (
    Faults,
    Guarantee,
    GuaranteeResult,
    Invariant,
    Judgement,
    LeftOver,
    ScenarioReport,
    Search,
    SiteCount,
    Situation,
)
from harness.saga import Claim
from harness.scenario import Scenario
from harness.situations import SITUATIONS, required_situations


def summarise(
    scenario: Scenario,
    world: WorldName,
    tally: Tally,
    *,
    files: Mapping[str, str],
    search: Search,
) -> ScenarioReport:
    """Everything that the report says of a scenario in a world; `files`: invariant to its failure file."""
    covered = coverage(tally, unlocked_faults(scenario, world))
    verdict, lacking = judge(scenario, tally, covered)
    claims = scenario.spec.claims
    return ScenarioReport(
        name=scenario.name,
        saga=scenario.saga.name,
        world=world,
        verdict=verdict,
        runs=tally.runs,
        search=search,
        invariants=tuple(_invariant(id_, one, files.get(id_)) for id_, one in tally.invariants.items()),
        faults=_faults(tally),
        situations=_situations(scenario, tally),
        guarantees=tuple(_with_failure(one, tally, files) for one in guarantees(scenario, tally, covered)),
        compensation_latency_s=summarised(tally.compensation_s),
        claims=tuple(claim.value for claim in Claim if claim in claims),
        not_claimed=tuple(claim.value for claim in Claim if claim not in claims),
        impossible=covered.impossible,
        unfired=covered.unfired,
        notes=(*lacking, *_notes(tally, search.left_out)),
        left_over=tuple(
            LeftOver(resource=resource, step=step, runs=runs) for (resource, step), runs in tally.left.items()
        ),
    )


def _notes(tally: Tally, left_out: int) -> Iterator[str]:
    if left_out:
        yield f"Time was up: {left_out} plans were left out, the most telling had come first."
    if tally.accidents:
        yield f"{tally.accidents} calls were struck by accident, while a toxic was armed for another."


def _invariant(id_: str, one: InvariantTally, file: str | None) -> Invariant:
    crash = one.crash.found[id_].traceback if one.crash is not None else None
    return Invariant(
        id=id_,
        verdict=Judgement(one.verdict.value),
        runs=one.runs,
        violations=one.violations,
        minimal_faults=len(one.smallest.plan.faults) if one.smallest is not None else 0,
        failure=file,
        claim=INVARIANTS[id_].says,
        crash=crash,
        failures=1 if file is not None else 0,
    )


def _faults(tally: Tally) -> Faults:
    return Faults(
        planned=tally.planned,
        fired=tally.fired,
        by_kind=dict(sorted(tally.by_kind.items())),
        by_operation=tuple(
            SiteCount(kind=kind, operation=operation, planned=planned, fired=tally.fired_at[kind, operation])
            for (kind, operation), planned in sorted(tally.planned_at.items())
        ),
    )


def _situations(scenario: Scenario, tally: Tally) -> tuple[Situation, ...]:
    required = required_situations(scenario)
    return tuple(
        Situation(id=id_, required=id_ in required, seen=tally.situations[id_], reach=one.reach)
        for id_, one in SITUATIONS.items()
    )


def _with_failure(guarantee: Guarantee, tally: Tally, files: Mapping[str, str]) -> Guarantee:
    """Name the smallest counterexample of a claim that was refuted."""
    if guarantee.result is not GuaranteeResult.REFUTED:
        return guarantee
    sizes = {
        id_: len(one.smallest.plan.faults)
        for id_, one in tally.invariants.items()
        if one.smallest is not None
    }
    smallest = min(sizes, key=lambda id_: sizes[id_])
    return Guarantee(id=guarantee.id, claimed=True, result=guarantee.result, failure=files.get(smallest))
