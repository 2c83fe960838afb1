"""Choreographed sagas with one mistake each are caught by guided search, and their sound twins pass it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.campaign.aggregate import Aggregate
from harness.campaign.local import LocalJobRunner
from harness.campaign.required import coverage
from harness.faults.enabled import enabled_faults
from harness.plan import Fault, FaultPlan
from harness.saga import Status
from harness.scenario import Scenario
from harness.search import GuidedSearch, minimise
from harness.search.guided import StopAsked
from harness.search.run_summary import RunSummary
from harness.worlds.sim import SimWorld
from tests.planted.kit import UNKEYED, search
from tests.planted.messages.broken import EndsTwice, NoInbox, NoOutbox, OutOfOrder, Parallel, PublishesFirst
from tests.planted.messages.shop import Shop

TWO_INPUTS: dict[str, Any] = {
    "inputs": ({"amount": 10}, {"amount": 500}),
    "expects": (Status.COMPLETED, Status.COMPENSATED),
}


@dataclass(frozen=True, kw_only=True)
class Plant:
    """smallest: what minimising comes to. sound: the twin, which the same plan does not break."""

    broken: type[Shop]
    caught_by: str
    smallest: Fault
    sound: type[Shop] = Shop
    more: dict[str, Any] = field(default_factory=dict)


PLANTS = (
    Plant(
        broken=PublishesFirst,
        caught_by="truthful_outcome",
        smallest=Fault(kind="reject", operation="stock.hold.create"),
    ),
    Plant(
        broken=NoOutbox,
        caught_by="termination",
        smallest=Fault(kind="refuse", operation="events.StockReserved.publish"),
    ),
    Plant(
        broken=NoInbox,
        caught_by="idempotent_actions",
        smallest=Fault(kind="duplicate_message", operation="events.OrderPlaced.deliver", variant="at_once"),
        more={"participants": UNKEYED},
    ),
    Plant(
        broken=OutOfOrder,
        sound=Parallel,
        caught_by="truthful_outcome",
        smallest=Fault(kind="drop_message", operation="events.OrderPlaced.deliver"),
        more=TWO_INPUTS,
    ),
    Plant(
        broken=EndsTwice,
        caught_by="truthful_outcome",
        smallest=Fault(kind="lose_reply", operation="events.PaymentTaken.publish"),
    ),
)


def first_violation(scenario: Scenario, world: SimWorld, invariant: str) -> RunSummary:
    """The first run of a guided search that violates it by a single fault."""
    runner = LocalJobRunner(scenario, world)
    guided = GuidedSearch(enabled_faults(scenario, world.name), len(scenario.inputs), 1)
    for run_summary in guided.run(runner, StopAsked()):
        if invariant in run_summary.violated and len(run_summary.plan.faults) == 1:
            return minimise(run_summary, invariant, runner)
    raise AssertionError(f"{invariant} was not violated")


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.broken.__name__)
def test_the_broken_one_is_caught(plant: Plant, sim: SimWorld) -> None:
    found = first_violation(plant.broken().scenario(**plant.more), sim, plant.caught_by)
    assert found.plan == FaultPlan((plant.smallest,)), found.found[plant.caught_by].message
    assert all(found.strikes)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.broken.__name__)
def test_the_same_plan_does_not_break_its_twin(plant: Plant, sim: SimWorld) -> None:
    scenario = plant.sound().scenario(**plant.more)
    jobs = [(index, FaultPlan((plant.smallest,))) for index in range(len(scenario.inputs))]
    found = list(LocalJobRunner(scenario, sim).run(jobs))
    assert [one.violated for one in found] == [()] * len(jobs)
    assert any(all(one.strikes) for one in found)


@pytest.mark.parametrize(
    ("sound", "more"),
    [(Shop, {}), (Parallel, TWO_INPUTS)],
    ids=["Shop", "Parallel"],
)
def test_the_sound_twin_passes_with_every_single_fault(
    sound: type[Shop], more: dict[str, Any], sim: SimWorld
) -> None:
    scenario = sound().scenario(**more)
    searched = search(scenario, sim, 1)
    assert searched.told == {}
    aggregate = Aggregate()
    for run_summary in searched.run_summaries:
        aggregate.add(run_summary)
    assert coverage(scenario, "sim", aggregate).unfired == ()
    kinds = {kind for kind, _ in aggregate.fired_at}
    assert {"drop_message", "duplicate_message", "late_message", "lose_ack", "poison_message"} <= kinds
    statuses = {one.statuses[0] for one in searched.run_summaries}
    assert statuses == {Status.COMPLETED, Status.COMPENSATED, Status.STUCK}
