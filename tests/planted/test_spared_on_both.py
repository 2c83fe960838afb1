"""Without the claim irreversible_step such a step is struck in no world, not even by taking its host away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.participant import RestParticipant
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.saga import Status, StepKind
from harness.scenario import Scenario
from harness.worlds import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.kit import PARCEL, Plant, resource
from tests.planted.sagas import Saga, Task

NOTE = Task(name="note", at="post", kind=StepKind.RETRIABLE)
POST = RestParticipant("post", (resource("parcel"), resource("note")))
OUTAGE = FaultPlan((Fault(kind="outage", operation="post.parcel.create", count=3),))


def scenario() -> Scenario:
    """It would roll back a step after the pivot that failed; that is not claimed, and not held against it."""
    plant = Plant(broken=Saga, caught_by="", smallest=(), tasks=(PARCEL, NOTE), participants=(POST,))
    return replace(plant.scenario("sound"), time_limit_s=4.0, patience_s=2.0)


def check(world: World) -> None:
    run = run_once(scenario(), {}, OUTAGE, world)
    assert [one.message for one in run.violated] == []
    assert run.view.sagas[0].status is Status.COMPLETED
    assert run.history.fired() == frozenset()


def test_in_sim() -> None:
    with SimWorld() as world:
        check(world)


@pytest.mark.wire
def test_on_the_wire() -> None:
    with WireWorld(progress=print) as world:
        check(world)
