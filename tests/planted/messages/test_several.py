"""Several choreographed sagas in one run: one is held at a call of its handlers while another one runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.campaign.local import LocalJobRunner
from harness.errors import PlanError
from harness.faults.enabled import enabled_faults
from harness.history import Passed, TurnPassed
from harness.plan import FaultPlan, Preemption, Site
from harness.runner import Run, run_once, run_sagas
from harness.saga import Overlap, SagaStart, Status
from harness.search.guided import StopAsked
from harness.search.interleavings import Interleavings
from harness.worlds.protocol import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.messages.scenario import QUICK
from tests.planted.messages.seats import Overwrites, SendsVersion
from tests.planted.messages.shop import Shop
from tests.unit.sim.test_preemptions import told

LOOKED = FaultPlan((), (Preemption(saga=1, operation="hall.seat.mark", run=2),), 2)
BOTH = pytest.mark.parametrize("world", ["sim", pytest.param("wire", marks=pytest.mark.wire)], indirect=True)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    opened: SimWorld | WireWorld = SimWorld() if request.param == "sim" else WireWorld("toxiproxy")
    with opened as one:
        yield one


def found(run: Run) -> list[str]:
    return [one.message for one in run.judgements if one.message]


def ends(run: Run) -> list[Status | None]:
    return [one.status for one in run.view.sagas]


@BOTH
def test_one_is_held_at_a_call_while_the_messages_of_another_are_delivered(world: World) -> None:
    plan = FaultPlan((), (Preemption(saga=1, operation="bank.charge.create", run=2),), 2)
    run = run_once(Shop().scenario(promise=QUICK), {}, plan, world)
    assert (ends(run), found(run)) == ([Status.COMPLETED] * 2, [])
    assert [one.why for _, one in run.history.of(TurnPassed)] == [Passed.PREEMPTED, Passed.ENDED]
    order = [one for one in told(run.history) if "charge" in one or "ended" in one]
    assert order == ["2 bank.charge.create", "2 ended", "1 bank.charge.create", "1 ended"]


@BOTH
def test_what_one_does_to_another_is_found(world: World) -> None:
    broken = run_once(Overwrites().scenario(), {}, LOOKED, world)
    (message,) = found(broken)
    assert message.startswith("lost update: ")
    sound = run_once(SendsVersion().scenario(), {}, LOOKED, world)
    assert (sorted(str(one) for one in ends(sound)), found(sound)) == (["compensated", "completed"], [])


@pytest.mark.wire
def test_they_run_side_by_side_on_the_wire() -> None:
    sagas = [SagaStart(id=f"saga-{number}", input={}) for number in (1, 2, 3)]
    with WireWorld("toxiproxy") as world:
        run = run_sagas(Shop().scenario(), sagas, FaultPlan(), world)
    assert (ends(run), found(run)) == ([Status.COMPLETED] * 3, [])


def test_the_search_holds_nobody_at_a_delivery(sim: SimWorld) -> None:
    scenario = Overwrites().scenario()
    search = Interleavings(enabled_faults(scenario, "sim"), scenario, Overlap(preemptions=1))
    summaries = list(search.run(LocalJobRunner(scenario, sim), StopAsked()))
    held = {one.operation for summary in summaries for one in summary.plan.preemptions}
    assert held
    assert not held & scenario.deliveries
    assert LOOKED in [one.plan for one in summaries if "isolation" in one.violated]


@pytest.mark.parametrize(
    "preemption",
    [
        Preemption(saga=1, operation="events.Ordered.deliver", run=2),
        Preemption(
            saga=1, operation="hall.seat.mark", run=2, until=Site(operation="events.SeatMarked.deliver")
        ),
    ],
)
def test_nor_does_a_plan(sim: SimWorld, preemption: Preemption) -> None:
    with pytest.raises(PlanError, match="and not what the bus delivers"):
        run_once(Overwrites().scenario(), {}, FaultPlan((), (preemption,), 2), sim)
