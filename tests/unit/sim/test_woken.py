"""Who wakes up after another one has ended: what it has to read again, and what is no excuse for it."""

from __future__ import annotations

import pytest

from harness.plan import Fault, Lasting
from harness.runner import Run, run_once
from harness.saga import Status
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import Journal, ReadOnce, plan_of, saga_of, scenario_of

STYLES = pytest.mark.parametrize("style", ["async", "plain"])
TURNS_BACK = Fault(kind="reset_before", operation="bank.charge.create", count=Lasting.UNTIL_RESTART)
FROZEN = Fault(kind="pause", operation="stock.hold.create", variant="applied")
UNDONE_IN_VAIN = Fault(kind="refuse", operation="stock.hold.delete_by_saga", nth=2, count=Lasting.FOR_EVER)


def run(world: SimWorld, style: str, journal: type[Journal], *faults: Fault) -> Run:
    return run_once(scenario_of(saga_of(style, journal)), {}, plan_of(*faults), world)


@STYLES
def test_one_that_reads_what_another_one_decided_is_right(sim: SimWorld, style: str) -> None:
    found = run(sim, style, Journal, TURNS_BACK, FROZEN, UNDONE_IN_VAIN)
    assert [one.message for one in found.violated] == []
    assert [one.status for one in found.view.sagas[0].ends] == [Status.COMPENSATED, Status.COMPENSATED]
    assert {0, 1} <= found.history.fired()


@STYLES
def test_one_that_goes_forward_again_is_caught(sim: SimWorld, style: str) -> None:
    found = {one.invariant: one.message for one in run(sim, style, ReadOnce, TURNS_BACK, FROZEN).violated}
    assert found["pivot_correctness"] == "step hold was sent after an undo had been sent"


@STYLES
def test_an_undo_that_failed_is_no_cause_where_another_one_had_undone_the_step(
    sim: SimWorld, style: str
) -> None:
    """What one executor was acknowledged, the others can read: nothing is left for a person to do."""
    run_ = run(sim, style, ReadOnce, TURNS_BACK, FROZEN, UNDONE_IN_VAIN)
    found = {one.invariant: one.message for one in run_.violated}
    assert run_.view.sagas[0].status is Status.STUCK
    assert "nothing that it saw called for a person" in found["termination"]
