"""Several sagas in one run on the wire of which one is struck: as in sim, each in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.errors import UsageError
from harness.history import ExecutorBegan, FaultFired, TurnPassed
from harness.plan import Fault, FaultPlan, Preemption
from harness.runner import Run, run_once
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.messages.patient import PATIENT
from tests.planted.messages.scenario import DURABLE
from tests.wire.sagas import journal, service

pytestmark = [pytest.mark.wire]

CHARGE = "bank.charge.create"
HELD = (Preemption(saga=1, operation=CHARGE, run=2),)

PLANS = {
    "the one that is held": FaultPlan(
        (Fault(kind="crash", operation=CHARGE, variant="on_arrival", saga=1),), HELD, 2
    ),
    "the one that runs meanwhile": FaultPlan(
        (Fault(kind="crash", operation="stock.hold.create", variant="applied", saga=2),), HELD, 2
    ),
    "nobody is held": FaultPlan((Fault(kind="crash", operation=CHARGE, variant="answered", saga=2),), (), 2),
}


def told(run: Run) -> tuple[object, ...]:
    """What has to be the same in both worlds."""
    return (
        [one.status for one in run.view.sagas],
        sorted(one.invariant for one in run.judgements if one.message),
        [one.kind for _, one in run.history.of(FaultFired)],
        [one.why for _, one in run.history.of(TurnPassed)],
        sorted((one.saga_id[-2:] == "-2", one.resumed) for _, one in run.history.of(ExecutorBegan)),
    )


@pytest.fixture(scope="module")
def in_sim() -> dict[str, tuple[object, ...]]:
    """Run before any wire world is there."""
    with SimWorld() as world:
        return {name: told(run_once(PATIENT, {}, plan, world)) for name, plan in PLANS.items()}


@pytest.fixture(scope="module")
def wire(in_sim: object) -> Iterator[WireWorld]:
    del in_sim
    with WireWorld("toxiproxy", progress=print) as world:
        yield world


@pytest.mark.parametrize("name", PLANS)
def test_one_of_two_dies_and_comes_back(
    name: str, wire: WireWorld, in_sim: dict[str, tuple[object, ...]]
) -> None:
    run = run_once(PATIENT, {}, PLANS[name], wire)
    assert told(run) == in_sim[name]
    assert told(run)[1] == []


def test_commands_take_turns_and_die(wire: WireWorld) -> None:
    """Each is a process anyway, and is known by its addresses."""
    sound = journal(time_limit_s=20.0, patience_s=20.0)
    reserve = "inventory.reservation.create"
    plan = FaultPlan(
        (Fault(kind="crash", operation=reserve, variant="applied", saga=2),),
        (Preemption(saga=1, operation="payments.charge.create", run=2),),
        2,
    )
    run = run_once(sound, sound.inputs[0], plan, wire)
    assert [one.message for one in run.judgements if one.message] == []
    assert "crash" in [one.kind for _, one in run.history.of(FaultFired)]
    assert next(iter(run.history.of(TurnPassed)))[1].why.value == "preempted"


def test_a_caller_that_leaves_while_it_is_held_was_struck_by_us(wire: WireWorld) -> None:
    """Its time-outs are shorter than the start of the other one's process; it may end stuck by that."""
    run = run_once(DURABLE, {}, PLANS["the one that runs meanwhile"], wire)
    lost = [one for _, one in run.history.of(FaultFired) if one.toxic == "held"]
    assert {one.kind for one in lost} == {"lose_request"}
    assert [one.message for one in run.judgements if one.message] == []


def test_sagas_at_one_service_share_its_process(wire: WireWorld) -> None:
    plan = FaultPlan((Fault(kind="crash", operation="inventory.reservation.create", saga=1),), (), 2)
    with pytest.raises(UsageError, match="share its process, so none of them can die or freeze alone"):
        run_once(service(), service().inputs[0], plan, wire)
