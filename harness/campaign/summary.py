"""From an aggregate to the report of a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.advice import advice
from harness.campaign.aggregate import Aggregate, InvariantAggregate
from harness.campaign.guarantees import guarantees
from harness.campaign.required import coverage
from harness.campaign.verdict import judge
from harness.choices import WorldName
from harness.invariants import invariants_of
from harness.latency import summarised
from harness.report_model import (
    Faults,
    Invariant,
    LeftOver,
    ScenarioReport,
    Search,
    SiteCount,
    Situation,
    Unconfirmed,
)
from harness.saga import Claim
from harness.scenario import Scenario
from harness.situations import required_situations, situations_of


def summarise(
    scenario: Scenario,
    searched: Scenario,
    world: WorldName,
    aggregate: Aggregate,
    *,
    files: Mapping[str, str],
    refuting: Mapping[Claim, str],
    search: Search,
) -> ScenarioReport:
    """Everything that the report says of a scenario in a world.

    searched: the scenario with the claims whose faults were sent. A pass requires those of its own alone.
    files: invariant to its failure file. refuting: claim to its.
    """
    sent = coverage(searched, world, aggregate)
    required = coverage(scenario, world, aggregate) if searched is not scenario else sent
    verdict, lacking = judge(scenario, aggregate, required, search)
    claims = scenario.spec.claims
    says = invariants_of(scenario)
    told = guarantees(scenario, searched, aggregate, sent, refuting)
    return ScenarioReport(
        name=scenario.name,
        saga=scenario.saga.name,
        world=world,
        verdict=verdict,
        runs=aggregate.runs,
        search=search,
        invariants=tuple(
            _invariant(one, says[id_].says, files.get(id_)) for id_, one in aggregate.invariants.items()
        ),
        faults=_faults(aggregate),
        situations=_situations(scenario, aggregate),
        guarantees=told,
        compensation_latency_s=summarised(aggregate.compensation_s),
        claims=tuple(claim.value for claim in Claim if claim in claims),
        not_claimed=tuple(claim.value for claim in Claim if claim not in claims),
        impossible=sent.impossible,
        unfired=required.unfired,
        lacking=lacking,
        notes=(*lacking, *_notes(scenario, aggregate, search)),
        advice=tuple(advice(scenario, aggregate.early_repeats, aggregate.lapsed)),
        unconfirmed=tuple(
            Unconfirmed(
                fault=kind, operation=operation, toxic=toxic, void=void, reason=reasons[0], times=len(reasons)
            )
            for (kind, operation, toxic, void), reasons in aggregate.unconfirmed.items()
        ),
        left_over=tuple(
            LeftOver(resource=resource, step=step, runs=runs)
            for (resource, step), runs in aggregate.left.items()
        ),
        unclaimed=searched is not scenario,
        only=scenario.only,
    )


def _notes(scenario: Scenario, aggregate: Aggregate, search: Search) -> Iterator[str]:
    if scenario.only:
        yield f"Judged by {', '.join(scenario.only)} alone: no other invariant was looked at."
    if search.stored.tried:
        told = f"{search.stored.tried} stored counterexample{'s were' if search.stored.tried > 1 else ' was'}"
        yield f"{told} tried first, and {search.stored.failing or 'none'} of them failed again."
    if search.left_out:
        parts = ", ".join(f"{number} {part}" for part, number in search.left_out_parts.items())
        of = f" ({parts})" if parts else ""
        needs = "" if search.needs_s is None else f" All of it needs about {search.needs_s:.0f} s."
        yield (
            f"Time was up: {search.left_out} plans that were known of were left out{of}, the most relevant "
            f"had come first.{needs}"
        )
    if aggregate.collateral:
        yield (
            f"{aggregate.collateral} calls were collateral hits: struck by what was armed for another, or "
            "once their caller had left. No fault counts as fired by that."
        )


def _invariant(one: InvariantAggregate, says: str, file: str | None) -> Invariant:
    crash = one.crash.found[one.id].traceback if one.crash is not None else None
    return Invariant(
        id=one.id,
        verdict=one.verdict,
        runs=one.runs,
        violations=one.violations,
        minimal_faults=len(one.smallest.plan.faults) if one.smallest is not None else 0,
        minimal_preemptions=len(one.smallest.plan.preemptions) if one.smallest is not None else 0,
        failure=file,
        claim=says,
        crash=crash,
        failures=1 if file is not None else 0,
    )


def _faults(aggregate: Aggregate) -> Faults:
    return Faults(
        planned=aggregate.planned,
        fired=aggregate.fired,
        by_kind=dict(sorted(aggregate.by_kind.items())),
        by_operation=tuple(
            SiteCount(
                kind=kind, operation=operation, planned=planned, fired=aggregate.fired_at[kind, operation]
            )
            for (kind, operation), planned in sorted(aggregate.planned_at.items())
        ),
    )


def _situations(scenario: Scenario, aggregate: Aggregate) -> tuple[Situation, ...]:
    required = required_situations(scenario)
    return tuple(
        Situation(id=id_, required=id_ in required, seen=aggregate.situations[id_], reach=one.reach)
        for id_, one in situations_of(scenario).items()
    )
