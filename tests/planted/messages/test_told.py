"""Steps that events stand for, done and undone by commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.faults.enabled import enabled_faults
from harness.history import FaultFired
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import Status
from harness.worlds.sim import SimWorld
from tests.planted.messages.told import FreesWhatIsKnown, NeverFrees, TellsInAnyOrder, Told

REFUSED = Fault(kind="reject", operation="bank.charge.create")
UNHEARD = Fault(kind="drop_message", operation="events.StockHeld.deliver", count=2)


def violated(run: Run) -> set[str]:
    return {one.invariant for one in run.judgements if one.message}


def test_an_event_is_the_step_and_another_one_its_undo(sim: SimWorld) -> None:
    run = run_once(Told().scenario(), {}, FaultPlan(), sim)
    assert ([one.status for one in run.view.sagas], violated(run)) == ([Status.COMPLETED], set())
    run = run_once(Told().scenario(), {}, FaultPlan((REFUSED,)), sim)
    assert ([one.status for one in run.view.sagas], violated(run)) == ([Status.COMPENSATED], set())


@pytest.mark.parametrize(
    ("broken", "plan"),
    [(NeverFrees, FaultPlan((REFUSED,))), (FreesWhatIsKnown, FaultPlan((UNHEARD,)))],
)
def test_an_undo_that_is_told_by_nobody_is_missed(sim: SimWorld, broken: type[Told], plan: FaultPlan) -> None:
    run = run_once(broken().scenario(), {}, plan, sim)
    assert violated(run) >= {"no_orphaned_resources", "complete_compensation", "truthful_outcome"}
    twin = run_once(Told().scenario(), {}, plan, sim)
    assert ([one.status for one in twin.view.sagas], violated(twin)) == ([Status.COMPENSATED], set())


def test_an_event_that_is_told_for_the_first_time_after_its_undo_is_caught(sim: SimWorld) -> None:
    unheard = Fault(kind="lose_request", operation="events.hold.StockHeld", count=8)
    run = run_once(TellsInAnyOrder().scenario(), {}, FaultPlan((unheard,)), sim)
    assert violated(run) >= {"no_zombie_effects", "pivot_correctness"}
    assert violated(run_once(Told().scenario(), {}, FaultPlan((unheard,)), sim)) == set()


def faults_of_steps() -> Iterator[Fault]:
    """Each that strikes the publication or the delivery of an event that is a step."""
    for operation, possible in enabled_faults(Told().scenario(), "sim").possible.items():
        if operation.startswith(("events.hold.", "events.StockHeld.", "events.StockFreed.")):
            for one in possible:
                for count in one.kind.counts:
                    yield Fault(kind=one.kind.name, operation=operation, variant=one.variant, count=count)


def test_the_sound_one_holds_whatever_becomes_of_its_events(sim: SimWorld) -> None:
    broken, fired = {}, 0
    for fault in faults_of_steps():
        run = run_once(Told().scenario(), {}, FaultPlan((REFUSED, fault)), sim)
        fired += len([one for _, one in run.history.of(FaultFired)]) > 1
        if violated(run):
            broken[fault] = [one.message for one in run.judgements if one.message]
    assert broken == {}
    assert fired > 100
