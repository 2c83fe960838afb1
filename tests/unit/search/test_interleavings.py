"""Which interleavings guided search of several sagas makes, and how Hypothesis adds preemptions to faults."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.plan import FaultPlan, Preemption, Site
from harness.saga import Overlap
from harness.search.guided import StopAsked
from harness.search.interleavings import Interleavings, mixed, possible_preemptions
from harness.search.property import PropertySearch
from harness.search.run_summary import RunSummary
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import saga_of, scenario_of

HOLD, CHARGE, PARCEL = "stock.hold.create", "bank.charge.create", "post.parcel.create"
SITES = tuple(
    (Site(operation=operation, saga=saga), -1) for saga in (1, 2) for operation in (HOLD, CHARGE, PARCEL)
)


def held(operation: str, until: str | None = None) -> Preemption:
    site = None if until is None else Site(operation=until)
    return Preemption(saga=1, operation=operation, run=2, until=site)


def test_one_preemption_at_every_call_to_the_end_and_to_every_call() -> None:
    found = list(possible_preemptions(FaultPlan(sagas=2), SITES))
    assert len(found) == len(set(found)) == 3 * (1 + 3)
    assert found[0] == held(HOLD)
    assert held(PARCEL, CHARGE) in found
    assert {one.saga for one in found} == {1}, "the second has not begun, and the first has ended by then"


def test_two_calls_of_one_service_of_the_users_are_delivered_together_too() -> None:
    found = [
        one
        for one in possible_preemptions(FaultPlan(sagas=2), SITES, (), (HOLD, "stock.hold.delete", CHARGE))
        if one.together
    ]
    assert found == [replace(held(operation, until=operation), together=True) for operation in (HOLD, CHARGE)]
    assert not any(one.together for one in possible_preemptions(FaultPlan(sagas=2), SITES))


def test_the_next_one_comes_behind_the_newest() -> None:
    plan = FaultPlan((), (held(HOLD, until=HOLD),), 2)
    found = list(possible_preemptions(plan, SITES))
    assert len(found) == 2 * (1 + 2)
    assert {one.operation for one in found} == {CHARGE, PARCEL}
    assert {one.until.operation for one in found if one.until is not None} == {CHARGE, PARCEL}
    assert not list(possible_preemptions(FaultPlan((), (held(HOLD),), 2), SITES)), "the other one has ended"


def test_a_third_saga_may_run_while_either_is_held() -> None:
    sites = (*SITES, (Site(operation=HOLD, saga=3), -1))
    found = list(possible_preemptions(FaultPlan((), (held(HOLD, until=CHARGE),), 3), sites))
    assert {(one.saga, one.run) for one in found} == {(1, 2), (1, 3), (2, 3)}
    assert {one.operation for one in found if one.saga == 2} == {HOLD}, "up to where it is held itself"


def searched(sim: SimWorld, overlap: Overlap, stop: StopAsked) -> tuple[list[RunSummary], Interleavings]:
    scenario = replace(scenario_of(saga_of("async")), overlap=overlap)
    search = Interleavings(enabled_faults(scenario, "sim"), scenario, overlap)
    return list(search.run(LocalJobRunner(scenario, sim), stop)), search


def test_all_interleavings_of_two_sagas_with_two_preemptions(sim: SimWorld) -> None:
    run_summaries, search = searched(sim, Overlap(), StopAsked())
    calm = [one.plan for one in run_summaries if not one.plan.faults]
    assert Counter(len(plan.preemptions) for plan in calm) == {0: 1, 1: 12, 2: 18}
    assert len({one.plan for one in run_summaries}) == len(run_summaries) == search.runs
    assert not any("isolation" in one.violated for one in run_summaries)
    assert search.left_out_parts.total() == 0
    refused = {(fault.operation, fault.saga) for one in run_summaries for fault in one.plan.faults}
    assert refused == {(operation, saga) for operation in (HOLD, CHARGE, PARCEL) for saga in (1, 2)}
    orders = {one.trace for one in run_summaries if not one.plan.faults}
    assert len(orders) == len(calm), "each is a run of its own"


@pytest.mark.parametrize(
    ("inputs", "sagas", "mixes"),
    [
        (1, 3, ["000"]),
        (2, 2, ["00", "11", "01", "10"]),
        (2, 3, ["000", "111", "010", "101"]),
        (3, 3, ["000", "111", "222", "012", "020", "101", "120", "201", "212"]),
    ],
)
def test_all_the_same_and_each_pair_of_different_inputs(inputs: int, sagas: int, mixes: list[str]) -> None:
    found = ["".join(map(str, mix)) for mix in mixed(range(inputs), sagas)]
    assert found == mixes


def test_sagas_with_inputs_of_their_own_are_interleaved_too(sim: SimWorld) -> None:
    run_summaries, _ = searched(sim, Overlap(preemptions=1, inputs=({"n": 1}, {"n": 2})), StopAsked())
    calm = [one for one in run_summaries if not one.plan.faults]
    given = Counter(str(one.plan.inputs(one.input)) for one in calm)
    assert len(given) == 4
    assert set(given.values()) == {13}
    assert {one.input_index for one in calm} == {1, 2}, "{} is no input of sagas that overlap"


def test_hypothesis_draws_the_same_and_different_inputs(sim: SimWorld) -> None:
    overlap = Overlap(preemptions=1, inputs=({"n": 1}, {"n": 2}))
    scenario = replace(scenario_of(saga_of("async")), overlap=overlap)
    search = PropertySearch("sim", examples=30, seed=0, overlap=overlap)
    run_summaries = list(search.run(LocalJobRunner(scenario, sim), StopAsked()))
    several = [one.plan for one in run_summaries if one.plan.sagas == 2]
    assert {bool(plan.other_inputs) for plan in several} == {True, False}
    assert {one.input_index for one in run_summaries if one.plan.sagas == 1} == {0}


def test_what_time_left_out_is_counted(sim: SimWorld) -> None:
    stop = StopAsked()
    stop.now()
    run_summaries, search = searched(sim, Overlap(), stop)
    assert not run_summaries
    assert search.left_out_parts["sagas one after the other"] == 1


@pytest.mark.parametrize("sagas", [2, 3])
def test_hypothesis_draws_sagas_and_preemptions_with_faults(sim: SimWorld, sagas: int) -> None:
    search = PropertySearch("sim", examples=30, seed=0, overlap=Overlap(sagas=sagas, preemptions=1))
    run_summaries = list(search.run(LocalJobRunner(scenario_of(saga_of("async")), sim), StopAsked()))
    assert {one.plan.sagas for one in run_summaries} == set(range(1, sagas + 1))
    assert any(one.plan.faults and one.plan.preemptions and all(one.fired) for one in run_summaries)
    assert {fault.saga for one in run_summaries for fault in one.plan.faults if one.plan.sagas > 1} >= {1, 2}
    assert not any("isolation" in one.violated for one in run_summaries)
