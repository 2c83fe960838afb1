"""What a plan asks of the wire, read once."""

from __future__ import annotations

import pytest

from harness.adapter import SagaAdapter
from harness.plan import Fault, FaultPlan
from harness.worlds.wire.wire_plan import NEVER, WirePlan, read_plan


class InProcess:
    name = "saga"
    worlds = ("sim", "wire")


class Outside:
    name = "saga"
    worlds = ("wire",)


CREATE = "shop.hold.create"


def read(*kinds: str, saga: type = InProcess, unseen: bool = False, variant: str = "") -> WirePlan:
    plan = FaultPlan(tuple(Fault(kind=kind, operation=CREATE, variant=variant) for kind in kinds))
    adapter: SagaAdapter = saga()
    return read_plan(plan, adapter, unseen=unseen)


@pytest.mark.parametrize(
    ("kind", "processes"), [("lose_reply", False), ("cancel", False), ("crash", True), ("pause", True)]
)
def test_a_saga_whose_process_dies_needs_one(kind: str, *, processes: bool) -> None:
    assert (read(kind).processes, read(kind).unseen) == (processes, processes)


def test_a_saga_that_is_no_function_always_runs_outside() -> None:
    assert read("lose_reply", saga=Outside).processes


def test_a_participant_is_taken_away_only_from_callers_whom_nobody_sees() -> None:
    seen, unseen = read("outage", "lose_reply"), read("outage", "lose_reply", unseen=True)
    assert (seen.absences, seen.injected) == ((), seen.plan)
    assert [(one.index, one.kind.name) for one in unseen.absences] == [(0, "outage")]
    assert [fault.nth for fault in unseen.injected.faults] == [NEVER, 1]


def test_the_injector_knows_a_participant_that_dies_in_the_middle_of_a_call() -> None:
    found = read("participant_crash", unseen=True)
    assert [one.kind.name for one in found.absences] == ["participant_crash"]
    assert found.injected == found.plan


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "participant_crash"])
def test_whose_connections_are_reset(kind: str) -> None:
    assert read(kind, "lose_reply").resetting == frozenset({"shop"})
    assert read("lose_reply").resetting == frozenset()


def test_what_strikes_within_a_pause_needs_the_run_without_it() -> None:
    struck, other = (Fault(kind="crash", operation=CREATE, variant=one) for one in ("between:25%", "applied"))
    adapter: SagaAdapter = InProcess()  # type: ignore[assignment]
    found = read_plan(FaultPlan((struck, other)), adapter, unseen=False)
    assert found.before_moments == FaultPlan((other,))
    assert read("crash", variant="applied").before_moments is None
