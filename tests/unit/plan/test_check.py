from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import PlanError
from harness.faults import KINDS
from harness.faults.slow import PERCENT
from harness.plan import Fault, FaultPlan, Lasting, check_plan
from harness.plan.check import MOST_FAULTS

OPERATIONS = ("stock.hold.create", "stock.hold.delete")
GOOD = Fault(kind="refuse", operation="stock.hold.create")


def checked(*faults: Fault) -> None:
    check_plan(FaultPlan(faults), operations=OPERATIONS, kinds=KINDS)


@pytest.mark.parametrize(
    "fault",
    [
        GOOD,
        Fault(kind="slow", operation="stock.hold.delete", nth=3, count=Lasting.FOR_EVER, variant="slicer"),
        Fault(kind="throttle", operation="stock.hold.create", count=9, variant="503"),
        Fault(kind="slow", operation="stock.hold.create", variant="1%"),
        Fault(kind="slow", operation="stock.hold.create", variant="300%"),
        Fault(kind="slow", operation="stock.hold.create", variant="60000ms"),
    ],
)
def test_what_is_there_may_be_named(fault: Fault) -> None:
    checked()
    checked(*[fault] * MOST_FAULTS)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            Fault(kind="refuse", operation="stock.hold.creat"),
            (
                "plan, fault 2, operation: found 'stock.hold.creat', expected 'stock.hold.create' "
                "(did you mean it?), or one of stock.hold.create, stock.hold.delete"
            ),
        ),
        (
            Fault(kind="lose_replies", operation="stock.hold.create"),
            "plan, fault 2, kind: found 'lose_replies', expected 'lose_reply' (did you mean it?), or one of",
        ),
        (
            Fault(kind="throttle", operation="stock.hold.create", variant="500"),
            (
                "plan, fault 2, variant: found '500', expected '503' (did you mean it?), or one of 429, "
                "429:30s, 503"
            ),
        ),
        (
            Fault(kind="refuse", operation="stock.hold.create", nth=0),
            "plan, fault 2, nth: found 0, expected a call number, counted from 1",
        ),
        (
            Fault(kind="refuse", operation="stock.hold.create", count=0),
            "plan, fault 2, count: found 0, expected at least 1 call, or 'for_ever'",
        ),
    ],
)
def test_what_is_not_there_is_refused_with_its_place(fault: Fault, says: str) -> None:
    with pytest.raises(PlanError) as caught:
        checked(GOOD, fault)
    assert str(caught.value).startswith(says)
    assert caught.value.exit_code == 2


def test_a_plan_has_an_end() -> None:
    with pytest.raises(PlanError, match=r"^plan: found 9, expected at most 8 faults$"):
        checked(*[GOOD] * 9)


@pytest.mark.parametrize(
    "variant", ["0%", "301%", "+5%", "05%", "5.5%", "60001ms", "ms", "%", "\u0663%", "10"]
)
def test_a_number_outside_its_measure_is_refused_with_its_bounds(variant: str) -> None:
    with pytest.raises(PlanError, match="or 1% to 300%, or 1ms to 60000ms"):
        checked(Fault(kind="slow", operation="stock.hold.create", variant=variant))


def test_a_measure_names_its_variants() -> None:
    assert [PERCENT.variant(number) for number in (1, 60, 300)] == ["1%", "60%", "300%"]
    assert [PERCENT.number(variant) for variant in ("1%", "60%", "300%", "60")] == [1, 60, 300, None]


CRASH = Fault(kind="crash", operation="stock.hold.create")


@pytest.mark.parametrize(
    ("variant", "world"),
    [("between:2", "sim"), ("start:1", "sim"), ("between:25%", "wire"), ("between:0%", "wire")],
)
def test_a_moment_between_two_calls_is_of_one_world(variant: str, world: str) -> None:
    plan = FaultPlan((replace(CRASH, variant=variant),))
    check_plan(plan, operations=OPERATIONS, kinds=KINDS)
    check_plan(plan, operations=OPERATIONS, kinds=KINDS, world=world)
    other = "wire" if world == "sim" else "sim"
    with pytest.raises(
        PlanError, match=f"plan, fault 1, variant: found '{variant}', expected a .*--world {world}"
    ):
        check_plan(plan, operations=OPERATIONS, kinds=KINDS, world=other)


@pytest.mark.parametrize(
    "variant", ["between:0", "between:", "start:25%", "between:100%", "between:-1", "start:"]
)
def test_what_names_no_moment_is_refused(variant: str) -> None:
    with pytest.raises(PlanError, match=r"or one of .*between:1, between:2.*between:25%"):
        checked(replace(CRASH, variant=variant))


def test_a_kind_that_strikes_calls_alone_has_no_moments_between_them() -> None:
    with pytest.raises(PlanError, match="variant: found 'between:1', expected"):
        checked(Fault(kind="move", operation="stock.hold.create", variant="between:1"))


@pytest.mark.parametrize(("saga", "sagas"), [(0, 1), (-1, 3), (2, 1), (4, 3)])
def test_a_saga_that_the_run_does_not_start_is_refused(saga: int, sagas: int) -> None:
    plan = FaultPlan((replace(CRASH, saga=saga),))
    says = (
        f"plan, fault 1, saga: found {saga}, expected the number of a saga of the run, 1 to {sagas}, or none"
    )
    with pytest.raises(PlanError, match=says):
        check_plan(plan, operations=OPERATIONS, kinds=KINDS, sagas=sagas)


@pytest.mark.parametrize(("saga", "sagas"), [(None, 1), (1, 1), (3, 3)])
def test_a_saga_that_the_run_starts_may_be_named(saga: int | None, sagas: int) -> None:
    check_plan(FaultPlan((replace(CRASH, saga=saga),)), operations=OPERATIONS, kinds=KINDS, sagas=sagas)
