"""Adding up, and the verdict of RULES §9: what a pass needs, and what stands between."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness.adapter import CallableSaga
from harness.campaign import CampaignOptions
from harness.campaign.aggregate import Aggregate, InvariantAggregate
from harness.campaign.local import LocalJobRunner
from harness.campaign.required import coverage
from harness.campaign.verdict import judge
from harness.errors import UsageError
from harness.faults.enabled import enabled_faults
from harness.invariants import INVARIANTS, Verdict
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan
from harness.report_model import ScenarioVerdict
from harness.scenario import Scenario
from harness.search import GuidedSearch, RunSummary
from harness.search.guided import StopAsked
from harness.search.run_summary import Found
from harness.worlds.sim import SimWorld
from tests.planted.invariants.test_complete_compensation import RegistersTooLate
from tests.planted.kit import CHARGE, HOLD, Plant


@pytest.fixture
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


def scenario(twin: str = "sound", **more: object) -> Scenario:
    plant = Plant(broken=RegistersTooLate, caught_by="", smallest=(), tasks=(HOLD, CHARGE))
    return replace(plant.scenario(twin), **more)  # type: ignore[arg-type]


def searched(one: Scenario, sim: SimWorld, depth: int = 1) -> list[RunSummary]:
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), depth)
    return list(search.run(LocalJobRunner(one, sim), StopAsked()))


def told(one: Scenario, run_summaries: list[RunSummary]) -> tuple[ScenarioVerdict, tuple[str, ...]]:
    aggregate = Aggregate()
    for run_summary in run_summaries:
        aggregate.add(run_summary)
    return judge(one, aggregate, coverage(one, "sim", aggregate))


def test_a_sound_saga_passes_by_its_single_faults(sim: SimWorld) -> None:
    one = scenario()
    assert told(one, searched(one, sim)) == (ScenarioVerdict.PASS, ())


def test_a_broken_one_fails_and_nothing_else_is_said(sim: SimWorld) -> None:
    one = scenario("broken")
    assert told(one, searched(one, sim)) == (ScenarioVerdict.FAIL, ())


def test_a_fault_that_never_fired_keeps_from_a_pass(sim: SimWorld) -> None:
    one = scenario()
    run_summaries = [
        run_summary
        for run_summary in searched(one, sim)
        if not any(fault.kind == "garbage" for fault in run_summary.plan.faults)
    ]
    verdict, lacking = told(one, run_summaries)
    assert verdict is ScenarioVerdict.INCONCLUSIVE
    where = "garbage at stock.hold.create, garbage at bank.charge.create, garbage at "
    assert [one[: one.index(where) + len(where)] for one in lacking] == [
        f"Not every single fault was seen to fire: {where}"
    ]


def test_a_situation_that_was_never_seen_keeps_from_a_pass(sim: SimWorld) -> None:
    one = scenario(requires=("in_doubt_pivot", "completed"))
    verdict, lacking = told(one, searched(one, sim))
    assert verdict is ScenarioVerdict.INCONCLUSIVE
    assert [told.partition(".")[0] for told in lacking] == ["Situation in_doubt_pivot was never seen"]


def test_an_unknown_invariant_keeps_from_a_pass(sim: SimWorld) -> None:
    one = scenario()
    first, *rest = searched(one, sim)
    crashed = msgspec.structs.replace(
        first, found={**first.found, "isolation": Found(Verdict.UNKNOWN, "crashed", (), "Traceback")}
    )
    verdict, lacking = told(one, [crashed, *rest])
    assert verdict is ScenarioVerdict.INCONCLUSIVE
    assert lacking == ("The check of isolation crashed, so it is unknown.",)


def test_an_outage_that_no_call_follows_is_listed_as_impossible(sim: SimWorld) -> None:
    one = scenario()
    aggregate = Aggregate()
    for run_summary in searched(one, sim):
        aggregate.add(run_summary)
    covered = coverage(one, "sim", aggregate)
    outages = [told.operation for told in covered.impossible if told.fault == "outage"]
    assert outages[:2] == ["stock.hold.create", "bank.charge.create"]
    assert covered.unfired == ()


def test_an_outage_that_only_another_fault_lets_strike_is_not_required_with_every_count(
    sim: SimWorld,
) -> None:
    """Drawn plans find one count by chance; that must not make the others missing."""
    one = scenario()
    outage = Fault(kind="outage", operation="stock.hold.create")
    refused = Fault(kind="reject", operation="bank.charge.create")
    drawn = LocalJobRunner(one, sim).run([(0, FaultPlan((outage, refused)))])
    aggregate = Aggregate()
    for run_summary in (*searched(one, sim), *drawn):
        aggregate.add(run_summary)
    assert ("outage", "stock.hold.create", "") in aggregate.fired_variants
    covered = coverage(one, "sim", aggregate)
    assert covered.unfired == ()
    listed = {(told.fault, told.operation) for told in covered.impossible}
    assert ("outage", "stock.hold.create") not in listed


def test_the_smallest_counterexample_is_kept(sim: SimWorld) -> None:
    (any_run_summary,) = LocalJobRunner(scenario(), sim).run([(0, FaultPlan())])
    fault = Fault(kind="refuse", operation="stock.hold.create")
    aggregate = Aggregate()
    for faults in ((fault, fault), (replace(fault, count=3),), (fault,), (replace(fault, nth=2),)):
        bad = {"termination": Found(Verdict.VIOLATED, "it never ended")}
        aggregate.add(
            msgspec.structs.replace(
                any_run_summary,
                plan=FaultPlan(faults),
                strikes=(1,) * len(faults),
                as_planned=None,
                found=bad,
            )
        )
    one = aggregate.invariants["termination"]
    assert one.smallest is not None
    assert one.smallest.plan == FaultPlan((fault,))
    assert (one.runs, one.violations, one.verdict) == (4, 4, Verdict.VIOLATED)
    assert aggregate.violated == ("termination",)
    assert (aggregate.planned, aggregate.fired, aggregate.by_kind["refuse"]) == (5, 5, 5)


def test_of_what_was_never_exercised_nothing_is_said() -> None:
    aggregate = Aggregate()
    assert {one.verdict for one in aggregate.invariants.values()} == {Verdict.NOT_EXERCISED}
    assert tuple(aggregate.invariants) == tuple(INVARIANTS.ours)


def test_a_saga_that_cannot_run_here_is_no_finding(sim: SimWorld) -> None:
    async def connects(ctx: object, input_: object) -> object:
        socket.create_connection(("127.0.0.1", 9))
        return {"status": "completed"}

    one = scenario()
    with pytest.raises(UsageError):
        list(
            LocalJobRunner(replace(one, saga=CallableSaga(connects, "connects")), sim).run([(0, FaultPlan())])
        )


# Services of the user's ----------------------------------------------------------------------------


def twice(step: str, *kinds: str) -> RunSummary:
    """A run in which the action of a step took effect twice."""
    plan = FaultPlan(tuple(Fault(kind=kind, operation=f"{step}.thing.create") for kind in kinds))
    message = f"the action of step {step} took effect 2 times"
    return RunSummary(
        input_index=0,
        plan=plan,
        saga_id="saga",
        found={"idempotent_actions": Found(Verdict.VIOLATED, message)},
        strikes=(1,) * len(plan.faults),
        collateral=0,
        kinds=(),
        sites=(),
        trace=b"",
        situations=(),
        statuses=("completed",),
    )


def test_each_service_of_the_users_may_have_a_mistake_of_its_own() -> None:
    one = InvariantAggregate("idempotent_actions", frozenset({"charge", "ship"}))
    runs = [twice("charge", "duplicate"), twice("ship", "crash", "duplicate"), twice("ship", "duplicate")]
    for run_summary in (*runs, twice("elsewhere", "duplicate")):
        one.add(run_summary, Verdict.VIOLATED)
    assert one.smallest is runs[0]
    assert one.elsewhere == {"ship": runs[2]}, "the smallest of that step; no step that is served by us"


def test_steps_that_we_serve_are_not_told_apart() -> None:
    one = InvariantAggregate("idempotent_actions")
    one.add(twice("charge", "duplicate"), Verdict.VIOLATED)
    one.add(twice("ship", "duplicate"), Verdict.VIOLATED)
    assert one.elsewhere == {}


def test_fewer_workers_where_each_starts_services_of_its_own(tmp_path: Path) -> None:
    folder = Path(__file__).parents[3] / "scenarios" / "examples" / "own_services"
    own = load_scenario(str(folder / "saga.toml"), registered=None)

    def loaded(reference: str) -> Scenario:
        return load_scenario(reference, registered=None)

    options = CampaignOptions(out=tmp_path, load=loaded, narrate=lambda history, evidence: [])
    few, many = options.resolved("wire", own).workers, options.resolved("wire", scenario()).workers
    assert 2 <= few <= max(2, 2 * (os.cpu_count() or 1)) < many
    assert replace(options, workers=7).resolved("wire", own).workers == 7
