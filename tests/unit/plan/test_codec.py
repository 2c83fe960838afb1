from __future__ import annotations

import msgspec
import pytest

from harness.errors import PlanError
from harness.plan import (
    Fault,
    FaultPlan,
    Lasting,
    PlannedFault,
    from_planned,
    plan_from_json,
    plan_to_json,
    to_planned,
)
from harness.saga import Json

PLAN = FaultPlan(
    (
        Fault(kind="refuse", operation="a.b.create"),
        Fault(kind="late", operation="a.b.create", nth=2, count=Lasting.FOR_EVER, variant="settling"),
    )
)


def test_what_is_written_reads_back() -> None:
    written = plan_to_json(PLAN)
    assert written[0] == {"kind": "refuse", "operation": "a.b.create", "nth": 1, "count": 1, "variant": ""}
    assert written[1]["count"] == "for_ever"
    assert plan_from_json(written) == PLAN
    assert plan_from_json([]) == FaultPlan()


def test_a_saga_is_written_where_a_fault_names_one() -> None:
    plan = FaultPlan((Fault(kind="refuse", operation="a.b.create", saga=2), *PLAN.faults))
    written = plan_to_json(plan)
    assert [one.get("saga") for one in written] == [2, None, None]
    assert ["saga" in one for one in written] == [True, False, False]
    assert plan_from_json(written) == plan
    assert plan_from_json([{**written[1], "saga": None}]) == PLAN.without(1)


def test_the_compact_form_leaves_out_defaults_and_reads_back() -> None:
    plan = PLAN.with_fault(Fault(kind="slow", operation="a.b.create", nth=3, count=2, variant="10%", saga=2))
    written = msgspec.json.encode(to_planned(plan))
    assert written.startswith(b'[{"kind":"refuse","operation":"a.b.create"},')
    assert from_planned(msgspec.json.decode(written, type=tuple[PlannedFault, ...])) == plan
    with pytest.raises(msgspec.ValidationError, match="unknown field `more`"):
        msgspec.json.decode(b'{"kind":"refuse","operation":"a.b.create","more":1}', type=PlannedFault)


def test_what_is_left_out_is_at_its_default() -> None:
    assert plan_from_json([{"kind": "refuse", "operation": "a.b.create"}]) == PLAN.without(1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("refuse", "plan: found 'refuse', expected a list of faults"),
        ({"faults": []}, "plan: found {'faults': []}, expected a list of faults"),
        (["refuse"], "plan, fault 1: found 'refuse', expected an object with kind and operation"),
        ([{"kid": "refuse"}], "plan, fault 1: found 'kid', expected 'kind' (did you mean it?), or one of"),
        ([{"kind": "refuse"}], "plan, fault 1, operation: found None, expected a text"),
        ([{"operation": "a.b.create"}], "plan, fault 1, kind: found None, expected a text"),
        ([{"variant": 3}], "plan, fault 1, variant: found 3, expected a text"),
        ([{"nth": "2"}], "plan, fault 1, nth: found '2', expected a whole number"),
        ([{"saga": "second"}], "plan, fault 1, saga: found 'second', expected a whole number"),
        ([{"nth": True}], "plan, fault 1, nth: found True, expected a whole number"),
        ([{"count": 1.5}], "plan, fault 1, count: found 1.5, expected a whole number"),
        (
            [{"count": "forever"}],
            (
                "plan, fault 1, count: found 'forever', expected a number of calls, or 'for_ever' "
                "(did you mean it?), or one of for_ever, until_restart"
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(content: Json, says: str) -> None:
    if (
        isinstance(content, list)
        and isinstance(content[0], dict)
        and not {"kind", "kid", "operation"} & {*content[0]}
    ):
        content = [{"kind": "refuse", "operation": "a.b.create", **content[0]}]
    with pytest.raises(PlanError) as caught:
        plan_from_json(content)
    assert str(caught.value).startswith(says)


def test_the_place_is_named_by_who_asks() -> None:
    with pytest.raises(PlanError, match=r"^failure\.json, plan, fault 1: found 1"):
        plan_from_json([1], "failure.json, plan")
