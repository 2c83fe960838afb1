from __future__ import annotations

import pytest

from harness.faults import KINDS
from harness.participant import Operation, ResourceSpec, Route, Verb
from harness.plan import Fault, FaultKind, FaultPlan, Lasting, Site, Target
from harness.plan.decision import PASS, Delay, Delivery

FIRST, SECOND = Fault(kind="refuse", operation="a.b.create"), Fault(kind="slow", operation="a.b.find", nth=2)


@pytest.mark.parametrize(
    ("nth", "count", "covered"),
    [
        (1, 1, [1]),
        (2, 1, [2]),
        (2, 2, [2, 3]),
        (3, Lasting.FOR_EVER, [3, 4, 5]),
        (2, Lasting.UNTIL_RESTART, [2, 3, 4, 5]),
    ],
)
def test_a_fault_covers_calls_in_a_row(nth: int, count: int | Lasting, covered: list[int]) -> None:
    fault = Fault(kind="refuse", operation="a.b.create", nth=nth, count=count)
    assert [call for call in range(1, 6) if fault.covers(call)] == covered


def test_a_plan_grows_and_shrinks_without_changing() -> None:
    plan = FaultPlan((FIRST,))
    assert plan.with_fault(SECOND) == FaultPlan((FIRST, SECOND))
    assert plan.with_fault(SECOND).without(0) == FaultPlan((SECOND,))
    assert plan.with_fault(SECOND).without(1) == plan == FaultPlan((FIRST,))


def test_reprs_paste_back() -> None:
    names = {"FaultPlan": FaultPlan, "Fault": Fault, "Site": Site}
    plan = FaultPlan((FIRST, SECOND))
    assert eval(repr(plan), names) == plan
    assert eval(repr(Site(operation="a.b.create", nth=3)), names) == Site(operation="a.b.create", nth=3)
    assert eval(repr(Site(operation="a.b.create", saga=2)), names) == Site(operation="a.b.create", saga=2)
    second = FaultPlan((Fault(kind="refuse", operation="a.b.create", saga=2),))
    assert eval(repr(second), names) == second != FaultPlan((FIRST,))


def test_a_repr_says_nothing_of_a_saga_that_is_not_named() -> None:
    assert repr(Site(operation="a.b.create")) == "Site(operation='a.b.create', nth=1)"
    assert repr(FIRST) == "Fault(kind='refuse', operation='a.b.create', nth=1, count=1, variant='')"


def test_a_kind_may_strike_anywhere_unless_it_says_otherwise() -> None:
    resource = ResourceSpec(name="b", routes={Verb.CREATE: (Route.parse("POST /b", "b"),)})
    target = Target(operation=Operation(participant="a", resource=resource, verb=Verb.CREATE), direction=None)
    kind = FaultKind(name="mine", meaning="whatever", decide=lambda variant, target: PASS)
    assert kind.impossible(target) is None
    assert kind.all_variants == ("",)


def test_a_kind_knows_the_variants_of_both_worlds_once() -> None:
    assert KINDS["slow"].all_variants == ("10%", "50%", "95%", "latency", "bandwidth", "slicer", "slow_close")


def test_held_is_what_comes_later_than_the_sender_waits() -> None:
    assert [one.value for one in Delivery if one.held] == ["after_retry", "after_undo", "settling"]


def test_what_a_plan_means_that_names_no_variant() -> None:
    assert [KINDS[name].meant("") for name in ("slow", "throttle", "reject")] == ["latency", "429", ""]
    assert KINDS["slow"].meant("60%") == "60%"


def test_how_late_a_reply_is() -> None:
    assert [one.of_s(2.0) for one in (Delay(), Delay(share=0.95), Delay(seconds=0.05))] == [1.0, 1.9, 0.05]


def test_the_ids_of_several_sagas_begin_with_that_of_the_first() -> None:
    assert FaultPlan(sagas=3).saga_ids("order-1") == ("order-1", "order-1-2", "order-1-3")
    assert FaultPlan().saga_ids("order-1") == ("order-1",)
