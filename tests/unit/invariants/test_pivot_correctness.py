from __future__ import annotations

from harness.plan.decision import Symptom
from tests.unit.invariants.tale import HOLD, NOTE, PARCEL, Tale, spec, step

ID = "pivot_correctness"
SPEC = spec(HOLD, PARCEL, NOTE)


def test_held_forwards_and_backwards() -> None:
    tale = Tale(SPEC)
    for name in ("hold", "parcel", "note"):
        tale.act(name)
    assert tale.held(ID)
    tale = Tale(SPEC)
    tale.act("hold")
    tale.act("parcel", 409)
    tale.undo("hold")
    assert tale.held(ID)


def test_violated_by_an_undo_after_the_pivot_took_effect_seen_or_not() -> None:
    tale = Tale(SPEC)
    tale.act("hold")
    tale.act("parcel", Symptom.SILENCE, applied=True)
    tale.undo("hold")
    assert tale.violation(ID) == "step hold was undone after the pivot parcel took effect"


def test_an_undo_of_nothing_known_after_the_pivot_counts_too() -> None:
    tale = Tale(SPEC)
    tale.act("parcel")
    tale.undo()
    assert tale.violation(ID) == "step ? was undone after the pivot parcel took effect"


def test_an_undo_before_a_late_pivot_is_not_after_it() -> None:
    tale = Tale(SPEC)
    tale.act("hold")
    late = tale.act("parcel", Symptom.SILENCE)
    tale.undo("hold")
    tale.land(late)
    assert tale.held(ID)


def test_violated_by_a_retriable_step_before_the_pivot_is_decided() -> None:
    for came in (409, Symptom.SILENCE, Symptom.REFUSED):
        tale = Tale(SPEC)
        tale.act("parcel", came)
        tale.act("note")
        assert tale.violation(ID) == "retriable step note was sent before the pivot was decided"


def test_the_pivot_is_decided_by_a_success_readable_or_not_and_by_a_query() -> None:
    tale = Tale(SPEC)
    tale.act("parcel")
    tale.act("note")
    assert tale.held(ID)
    tale = Tale(SPEC)
    tale.act("parcel", readable=False)
    tale.act("note")
    assert tale.held(ID)
    tale = Tale(SPEC)
    tale.act("parcel", Symptom.SILENCE, applied=True)
    tale.ask("parcel", lists=("parcel-1",))
    tale.act("note")
    assert tale.held(ID)


def test_violated_by_an_action_after_an_undo() -> None:
    tale = Tale(spec(HOLD, step("charge")))
    tale.act("hold")
    tale.undo("hold")
    tale.act("charge")
    assert tale.violation(ID) == "step charge was sent after an undo had been sent"


def test_an_action_of_no_step_after_an_undo_counts_too() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    tale.undo("hold")
    tale._call((), tale.view.history.calls[0].sent.direction, 201, applied=False)
    assert tale.violation(ID) == "step ? was sent after an undo had been sent"


def test_a_retry_of_another_branch_under_way_may_go_on() -> None:
    branches = spec(HOLD, step("charge", after=()), step("gift", after=("charge",)))
    tale = Tale(branches)
    tale.act("hold")
    tale.act("charge", 500)
    tale.undo("hold")
    tale.act("charge", 500)
    assert tale.held(ID)


def test_a_retry_of_the_same_branch_may_not() -> None:
    tale = Tale(spec(HOLD, step("charge")))
    tale.act("hold")
    tale.act("charge", 500)
    tale.undo("hold")
    tale.act("charge", 500)
    assert tale.violation(ID) == "step charge was sent after an undo had been sent"


def test_a_step_of_another_branch_that_had_not_begun_may_not() -> None:
    tale = Tale(spec(HOLD, step("charge", after=())))
    tale.act("hold")
    tale.undo("hold")
    tale.act("charge")
    assert tale.violation(ID) == "step charge was sent after an undo had been sent"


def test_not_exercised_without_pivot_and_undo() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    assert tale.not_exercised(ID)
    assert Tale(SPEC).not_exercised(ID)


def test_a_retry_of_what_the_undone_step_comes_after_may_not() -> None:
    tale = Tale(spec(HOLD, step("charge", after=()), step("gift", after=("charge",))))
    tale.act("charge", 500)
    tale.act("gift")
    tale.undo("gift")
    tale.act("charge", 500)
    assert tale.violation(ID) == "step charge was sent after an undo had been sent"
