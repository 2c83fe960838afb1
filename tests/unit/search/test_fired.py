"""What a run summary counts as fired: what came to what its kind may come to, and nothing else."""

from __future__ import annotations

import pytest

from harness.history import FaultFired
from harness.plan import Fault, FaultPlan
from harness.search.run_summary import as_planned

CHARGE = "payments.charge.create"


def fired(planned: str, came_to: str) -> tuple[int, ...]:
    plan = FaultPlan((Fault(kind="reject", operation=CHARGE), Fault(kind=planned, operation=CHARGE)))
    return as_planned(plan, [FaultFired(t_s=0, call=1, fault=1, kind=came_to)])


@pytest.mark.parametrize("kind", ["slow", "cut_reply", "lose_reply"])
def test_what_came_to_itself_fired(kind: str) -> None:
    assert fired(kind, kind) == (0, 1)


@pytest.mark.parametrize("came_to", ["lose_reply", "lose_request"])
def test_a_slow_reply_whose_caller_left_is_a_lost_one_and_fired(came_to: str) -> None:
    assert fired("slow", came_to) == (0, 1)


def test_a_cut_that_came_as_a_reset_did_not_fire() -> None:
    assert fired("cut_reply", "reset_after") == (0, 0)


def test_an_collateral_is_no_firing_of_a_fault() -> None:
    plan = FaultPlan((Fault(kind="lose_reply", operation=CHARGE),))
    assert as_planned(plan, [FaultFired(t_s=0, call=1, fault=None, kind="lose_reply")]) == (0,)
