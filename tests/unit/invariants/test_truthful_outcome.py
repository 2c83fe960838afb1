from __future__ import annotations

import pytest

from harness.history import Lapsed
from harness.participant import Change
from harness.plan.decision import Symptom
from harness.process_faults import ProcessFault
from harness.saga import Json
from tests.unit.invariants.tale import HOLD, NOTE, PARCEL, Tale, spec, step

ID = "truthful_outcome"


def test_completed_is_true_where_every_step_is_applied() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge")
    assert tale.end("completed").held(ID)


def test_completed_is_false_where_one_is_not() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("completed").violation(ID) == "the saga says completed, and step charge is not applied"


def test_completed_is_false_where_a_part_is_applied_until_the_rest_follows() -> None:
    tale = Tale(spec(HOLD))
    number = tale.act("hold", 500)
    tale.land(number, Change.PART)
    assert tale.end("completed").violation(ID) == "the saga says completed, and step hold is not applied"
    tale.land(tale.act("hold", applied=False), Change.COMPLETED)
    assert tale.end("completed").held(ID)


def test_completed_is_false_where_what_was_held_has_lapsed() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    lapsed = Lapsed(
        t_s=tale.now_s,
        resource="shop.hold",
        incarnation=1,
        saga_id="saga-1",
        step="hold",
        detail="held → free, its time was up",
    )
    tale.events.append(lapsed)
    said = "the saga says completed, and step hold is not applied: its time was up, before the saga ended"
    assert tale.end("completed").violation(ID) == said


def test_an_optional_step_may_be_missing() -> None:
    tale = Tale(spec(HOLD, step("gift", optional=True)))
    tale.act("hold")
    assert tale.end("completed").held(ID)


def test_compensated_is_false_where_something_is_left() -> None:
    tale = Tale()
    tale.act("hold")
    message = tale.end("compensated").violation(ID)
    assert message == "the saga says compensated, and shop.hold #1 of step hold is left"


@pytest.mark.parametrize("error", ["", " \n", None, [], {}])
@pytest.mark.parametrize("status", ["compensated", "stuck"])
def test_the_first_cause_must_not_be_lost(status: str, error: Json) -> None:
    tale = Tale()
    tale.act("hold", Symptom.REFUSED)
    message = tale.end(status, error=error).violation(ID)
    assert message == f"the saga ended with {status} and its `error` is empty: the first cause is lost"


def test_a_cause_that_is_told_or_never_told_is_right() -> None:
    tale = Tale()
    tale.act("hold", Symptom.REFUSED)
    assert tale.end("compensated", error="ConnectError").held(ID)
    assert tale.end("compensated", error={"code": 0}).held(ID)
    assert tale.end("compensated", log=[]).held(ID)
    assert tale.end("compensated").held(ID)


def test_completed_needs_no_cause() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    assert tale.end("completed", error="").held(ID)


def test_stuck_and_no_outcome_say_nothing_that_could_be_false() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("stuck", error="undo refused").not_exercised(ID)
    assert Tale().end(problem="the saga raised KeyError").not_exercised(ID)
    assert Tale().not_exercised(ID)


def test_each_executor_is_held_to_its_word() -> None:
    tale = Tale(spec(HOLD))
    tale.end("compensated")
    tale.act("hold", executor=2)
    message = tale.end("completed", executor=2).violation(ID)
    assert message == "the saga says compensated, and shop.hold #1 of step hold is left"


def test_a_cancelled_saga_leaves_nothing() -> None:
    tale = Tale(spec(HOLD))
    tale.strike(tale.act("hold", None, applied=True), ProcessFault.CANCEL)
    expected = "the saga was cancelled, so it owes compensated, and shop.hold #1 of step hold is left"
    assert tale.end(cancelled=True).violation(ID) == expected
    tale.undo("hold")
    assert tale.held(ID)


def test_a_saga_cancelled_after_its_pivot_owes_everything() -> None:
    tale = Tale(spec(HOLD, PARCEL, NOTE))
    tale.act("hold")
    tale.act("parcel")
    tale.strike(tale.act("note", None, applied=False), ProcessFault.CANCEL)
    expected = "the saga was cancelled, so it owes completed, and step note is not applied"
    assert tale.end(cancelled=True).violation(ID) == expected
