"""Plans of several sagas: what they say, how they are written and read, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from harness.errors import PlanError
from harness.faults import KINDS
from harness.plan import (
    Fault,
    FaultPlan,
    PlannedPreemption,
    Preemption,
    Site,
    check_plan,
    from_planned,
    plan_from_json,
    plan_to_json,
    planned_preemptions,
    to_planned,
)
from harness.saga import Json

OPERATIONS = ("stock.hold.create", "bank.charge.create")
HOLD, CHARGE = OPERATIONS
FAULT = Fault(kind="refuse", operation=HOLD, saga=2)
TO_ITS_END = Preemption(saga=1, operation=CHARGE, run=2)
TO_A_CALL = Preemption(saga=1, operation=HOLD, nth=2, run=3, until=Site(operation=CHARGE, nth=2))
PLAN = FaultPlan((FAULT,), (TO_ITS_END, TO_A_CALL), 3)
BACK: Json = {"from": "b", "to": "a"}
THERE_AND_BACK = FaultPlan((), (TO_ITS_END,), 2, (BACK,))


def test_a_plan_of_several_sagas_grows_without_losing_them() -> None:
    alone = FaultPlan(sagas=2)
    assert alone.with_preemption(TO_ITS_END) == FaultPlan((), (TO_ITS_END,), 2)
    assert PLAN.without(0) == FaultPlan((), PLAN.preemptions, 3)
    assert PLAN.without(0).with_fault(FAULT) == PLAN


def test_what_is_empty_and_what_a_reader_has_to_follow() -> None:
    assert [one.empty for one in (FaultPlan(), FaultPlan(sagas=2), FaultPlan((FAULT,)))] == [
        True,
        False,
        False,
    ]
    assert [one.weight for one in (FaultPlan(), FaultPlan(sagas=2), PLAN)] == [0, 1, 5]


def test_reprs_paste_back() -> None:
    names = {"FaultPlan": FaultPlan, "Fault": Fault, "Site": Site, "Preemption": Preemption}
    for plan in (PLAN, FaultPlan(sagas=2), FaultPlan((), (TO_ITS_END,), 2), THERE_AND_BACK):
        assert eval(repr(plan), names) == plan
    assert repr(FaultPlan((FAULT,))) == f"FaultPlan(faults=({FAULT!r},))"
    assert repr(TO_ITS_END) == "Preemption(saga=1, operation='bank.charge.create', nth=1, run=2)"


def test_what_is_written_reads_back() -> None:
    written = plan_to_json(PLAN)
    assert written[0] == {"sagas": 3}
    assert written[2:] == [
        {"saga": 1, "operation": CHARGE, "nth": 1, "run": 2},
        {
            "saga": 1,
            "operation": HOLD,
            "nth": 2,
            "run": 3,
            "until": {"operation": CHARGE, "nth": 2},
        },
    ]
    assert plan_from_json(written) == PLAN
    assert plan_from_json(plan_to_json(FaultPlan(sagas=2))) == FaultPlan(sagas=2)


def test_each_saga_may_have_an_input_of_its_own() -> None:
    there: Json = {"from": "a", "to": "b"}
    assert FaultPlan(sagas=3).inputs(there) == (there, there, there)
    assert THERE_AND_BACK.inputs(there) == (there, BACK)
    assert FaultPlan((), (TO_ITS_END,), 2).with_inputs([there, BACK]) == THERE_AND_BACK
    assert THERE_AND_BACK.with_inputs([BACK, BACK]) == FaultPlan((), (TO_ITS_END,), 2)
    for plan in (THERE_AND_BACK.with_fault(FAULT), THERE_AND_BACK.with_preemption(TO_A_CALL)):
        assert plan.other_inputs == (BACK,)
    written = plan_to_json(THERE_AND_BACK)
    assert written[0] == {"sagas": 2, "other_inputs": [BACK]}
    assert plan_from_json(written) == THERE_AND_BACK


def test_two_calls_may_be_delivered_together() -> None:
    together = FaultPlan((), (replace(TO_A_CALL, together=True),), 3)
    assert together != FaultPlan((), (TO_A_CALL,), 3)
    assert plan_from_json(plan_to_json(together)) == together
    told = msgspec.json.encode(planned_preemptions(together))
    read = msgspec.json.decode(told, type=tuple[PlannedPreemption, ...])
    assert from_planned((), read, 3) == together
    assert eval(repr(together), {"FaultPlan": FaultPlan, "Site": Site, "Preemption": Preemption}) == together
    with pytest.raises(PlanError, match="plan, preemption 1, together: found 1, expected true or false"):
        plan_from_json([{"saga": 1, "operation": HOLD, "run": 2, "together": 1}])
    alone = FaultPlan((), (replace(TO_ITS_END, together=True),), 2)
    with pytest.raises(PlanError, match="together: found True, expected false, or an until"):
        check_plan(alone, operations=OPERATIONS, kinds={})


def test_inputs_are_compared_as_json() -> None:
    one, true = (FaultPlan(sagas=2, other_inputs=(given,)) for given in ({"n": 1}, {"n": True}))
    assert one != true
    assert len({one, true, FaultPlan(sagas=2, other_inputs=({"n": 1},)), FaultPlan(sagas=2)}) == 3
    assert one != "a plan"


def test_the_compact_form_reads_back() -> None:
    told = msgspec.json.encode(planned_preemptions(PLAN))
    assert told.startswith(b'[{"saga":1,"operation":"bank.charge.create","run":2},')
    read = msgspec.json.decode(told, type=tuple[PlannedPreemption, ...])
    assert from_planned(to_planned(PLAN), read, 3) == PLAN
    with pytest.raises(msgspec.ValidationError, match="unknown field `more`"):
        msgspec.json.decode(b'{"saga":1,"operation":"a","run":2,"more":1}', type=PlannedPreemption)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            [{"sagas": 2}, {"sagas": 2}],
            "plan, entry 2: found {'sagas': 2}, expected the number of sagas once",
        ),
        (
            [{"sagas": 2, "more": 1}],
            "plan, entry 1: found 'more', expected one of other_inputs, sagas",
        ),
        (
            [{"sagas": 2, "other_inputs": {}}],
            "plan, entry 1, other_inputs: found {}, expected a list, one for each saga but the first",
        ),
        ([{"sagas": "two"}], "plan, entry 1, sagas: found 'two', expected a whole number"),
        ([{"run": 2, "sag": 1}], "plan, preemption 1: found 'sag', expected 'saga' (did you mean it?)"),
        ([{"run": 2, "operation": HOLD}], "plan, preemption 1, saga: found None, expected a whole number"),
        ([{"run": 2, "saga": 1}], "plan, preemption 1, operation: found None, expected a text"),
        (
            [{"run": 2, "saga": 1, "operation": HOLD, "until": HOLD}],
            "plan, preemption 1, until: found 'stock.hold.create', expected an object with operation and nth",
        ),
        (
            [{"run": 2, "saga": 1, "operation": HOLD, "until": {"saga": 2}}],
            "plan, preemption 1, until: found 'saga', expected",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(content: Json, says: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan_from_json(content)
    assert str(caught.value).startswith(says)


def refused(plan: FaultPlan, sagas: int | None = None) -> str:
    with pytest.raises(PlanError) as caught:
        check_plan(plan, operations=OPERATIONS, kinds=KINDS, sagas=sagas)
    return str(caught.value)


def of(**changed: object) -> FaultPlan:
    known: dict[str, object] = {"saga": 1, "operation": HOLD, "run": 2}
    return FaultPlan((), (Preemption(**{**known, **changed}),), 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        (of(), "plan, preemption 1, operation: found 'stock.hold.create'"),
        (
            of(operation=CHARGE, until=Site(operation=HOLD)),
            "plan, preemption 1, until, operation: found 'stock.hold.create'",
        ),
    ],
)
def test_no_saga_is_held_at_a_delivery(plan: FaultPlan, place: str) -> None:
    with pytest.raises(PlanError, match=f"{place}, expected a call of the saga"):
        check_plan(plan, operations=OPERATIONS, kinds=KINDS, deliveries=(HOLD,))
    check_plan(plan, operations=OPERATIONS, kinds=KINDS, deliveries=("stock.hold.deliver",))


def test_what_can_be_is_let_through() -> None:
    check_plan(PLAN, operations=OPERATIONS, kinds=KINDS)
    check_plan(of(), operations=OPERATIONS, kinds=KINDS, sagas=2)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (FaultPlan(sagas=6), "plan, sagas: found 6, expected how many the run starts, 1 to 5"),
        (FaultPlan(sagas=0), "plan, sagas: found 0, expected how many the run starts, 1 to 5"),
        (
            FaultPlan(sagas=3, other_inputs=({},)),
            "plan, other_inputs: found 1, expected 2, one for each saga but the first, or none",
        ),
        (FaultPlan(other_inputs=({},)), "plan, other_inputs: found 1, expected 0, one for each saga"),
        (
            FaultPlan((), (TO_ITS_END,)),
            "plan, preemption 1, run: found 2, expected the number of a saga of the run",
        ),
        (of(saga=3), "plan, preemption 1, saga: found 3, expected the number of a saga of the run, 1 to 2"),
        (of(run=1), "plan, preemption 1, run: found 1, expected another saga than the one that is held"),
        (
            of(operation="stock.hold.crate"),
            "plan, preemption 1, operation: found 'stock.hold.crate', expected",
        ),
        (of(nth=0), "plan, preemption 1, nth: found 0, expected a call number, counted from 1"),
        (of(until=Site(operation="no")), "plan, preemption 1, until, operation: found 'no', expected"),
        (
            of(until=Site(operation=HOLD, nth=0)),
            "plan, preemption 1, until, nth: found 0, expected a call number",
        ),
        (
            of(until=Site(operation=HOLD, saga=2)),
            "plan, preemption 1, until, saga: found 2, expected none: it is the saga that runs",
        ),
        (
            FaultPlan((), (TO_ITS_END,) * 9, 2),
            "plan, preemptions: found 9, expected at most 8",
        ),
        (
            FaultPlan((Fault(kind="refuse", operation=HOLD, saga=3),), (), 2),
            "plan, fault 1, saga: found 3, expected the number of a saga of the run, 1 to 2, or none for any",
        ),
    ],
)
def test_what_cannot_be_is_refused(plan: FaultPlan, says: str) -> None:
    assert refused(plan).startswith(says)
