"""A variant with a sibling is tried alone; beside other faults only where the saga reacts to it otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.faults.throttle import LONG
from harness.plan import Fault, FaultPlan
from harness.search import GuidedSearch, RunSummary
from harness.search.guided import StopAsked
from harness.worlds.sim import SimWorld
from tests.planted import test_long_retry_after
from tests.planted.kit import HOLD, Plant
from tests.planted.sagas import Saga

CREATE = "stock.hold.create"
INDIFFERENT = Plant(broken=Saga, caught_by="", smallest=(), tasks=(HOLD,))
"""Waits a little longer, and does the same."""
REACTS = test_long_retry_after.PLANT


@pytest.fixture(scope="module")
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


def searched(plant: Plant, sim: SimWorld) -> list[RunSummary]:
    one = plant.scenario("broken")
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), 2)
    run_summaries = list(search.run(LocalJobRunner(one, sim), StopAsked()))
    assert search.complete
    assert search.left_out == 0
    return run_summaries


def throttled(variant: str, plan: FaultPlan) -> tuple[Fault, ...]:
    return tuple(one for one in plan.faults if one.kind == "throttle" and one.variant == variant)


def pairs(variant: str, run_summaries: list[RunSummary]) -> set[int]:
    """At which place of a pair a variant was tried."""
    plans = [one.plan for one in run_summaries if len(one.plan.faults) == 2]
    forward = [plan for plan in plans if plan.faults[1].operation == CREATE]
    return {index for plan in forward for index in (0, 1) if plan.faults[index].variant == variant}


def test_a_saga_that_does_the_same_meets_it_alone(sim: SimWorld) -> None:
    found = searched(INDIFFERENT, sim)
    alone = {one.plan.faults[0] for one in found if len(one.plan.faults) == 1}
    counts = {variant: {one.count for one in alone if one.variant == variant} for variant in ("429", LONG)}
    assert counts[LONG] == counts["429"]
    assert pairs("429", found) == {0, 1}
    assert pairs(LONG, found) == set()


def test_at_each_operation_that_is_reached(sim: SimWorld) -> None:
    found = searched(INDIFFERENT, sim)
    struck = {
        variant: {one.plan.faults[-1].operation for one in found if throttled(variant, one.plan)}
        for variant in ("429", LONG)
    }
    assert struck[LONG] == struck["429"] > {CREATE}


def test_a_saga_that_goes_another_way_meets_it_beside_others(sim: SimWorld) -> None:
    found = searched(REACTS, sim)
    assert pairs(LONG, found) >= {1}
    assert any(one.violated and throttled(LONG, one.plan) for one in found if len(one.plan.faults) == 2)


def test_what_a_saga_did_is_told_without_what_it_was_answered(sim: SimWorld) -> None:
    one = INDIFFERENT.scenario("broken")
    plans = [FaultPlan((Fault(kind="throttle", operation=CREATE, variant=v),)) for v in ("429", LONG, "503")]
    short, long, other = LocalJobRunner(one, sim).run([(0, plan) for plan in plans])
    assert short.trace != long.trace
    assert short.reaction == long.reaction != other.reaction
