from __future__ import annotations

import pytest

from harness.plan.decision import Symptom
from harness.saga import Json
from tests.unit.invariants.tale import HOLD, Tale, spec, step

ID = "log_agreement"
DONE, UNDONE = ["hold", "done"], ["hold", "undone"]


def test_held_where_every_word_was_acknowledged() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("completed", log=[DONE]).held(ID)
    tale.undo("hold", came=404)
    assert tale.end("compensated", log=[DONE, UNDONE]).held(ID)


@pytest.mark.parametrize("came", [409, 500, Symptom.SILENCE, Symptom.REFUSED])
def test_violated_by_a_word_that_nobody_backed(came: int | Symptom) -> None:
    tale = Tale()
    tale.act("hold", came, applied=True)
    assert tale.end("stuck", log=[DONE]).violation(ID) == (
        "the log says hold done, and nobody acknowledged that"
    )
    tale.undo("hold", came=came)
    assert tale.end("stuck", log=[UNDONE]).violation(ID) == (
        "the log says hold undone, and nobody acknowledged that"
    )


def test_a_query_backs_what_it_showed() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE, applied=True)
    tale.ask("hold", lists=("hold-1",))
    assert tale.end("stuck", log=[DONE]).held(ID)
    assert not tale.end("stuck", log=[UNDONE]).held(ID)
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.ask("hold")
    assert tale.end("stuck", log=[UNDONE]).held(ID)
    assert not tale.end("stuck", log=[DONE]).held(ID)


def test_an_unreadable_success_may_be_taken_as_done() -> None:
    tale = Tale()
    tale.act("hold", readable=False)
    assert tale.end("stuck", log=[DONE]).held(ID)


def test_entries_that_name_no_declared_step_are_ignored() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("completed", log=[["begin", "done"], DONE, ["mail", "undone"]]).held(ID)
    assert tale.end("completed", log=[["begin", "done"]]).not_exercised(ID)


def test_what_has_no_undo_is_undone_by_doing_nothing() -> None:
    tale = Tale(spec(step("look", undo=False), HOLD))
    tale.act("look")
    assert tale.end("compensated", log=[["look", "done"], ["look", "undone"]]).held(ID)


def test_violated_where_completed_leaves_out_what_was_done() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge")
    message = "step hold was acknowledged, and the log leaves out that it is done"
    assert tale.end("completed", log=[["charge", "done"]]).violation(ID) == message


def test_violated_where_compensated_leaves_out_what_was_undone() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold")
    message = "step hold was acknowledged, and the log leaves out that it is undone"
    assert tale.end("compensated", log=[DONE]).violation(ID) == message


def test_an_undo_by_saga_need_not_be_logged_for_what_was_never_sent() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", "charge")
    assert tale.end("compensated", log=[DONE, UNDONE]).held(ID)


@pytest.mark.parametrize("status", ["stuck", "running"])
def test_other_outcomes_may_leave_out_what_they_like(status: str) -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge")
    assert tale.end(status, log=[["charge", "done"]]).held(ID)


@pytest.mark.parametrize(
    "entry",
    [
        ["hold", "tried"],
        ["hold"],
        ["hold", "done", 0.5],
        {"step": "hold", "word": "done"},
        "hold done",
        ["hold", 1],
        [1, "done"],
        [["hold"], "done"],
        ["hold", ["done"]],
        None,
    ],
)
def test_other_words_and_shapes_are_ignored(entry: Json) -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("completed", log=[DONE, entry]).held(ID)
    assert tale.end("completed", log=[entry]).not_exercised(ID)


def test_not_exercised_without_a_log() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("completed", log=[]).not_exercised(ID)
    assert tale.not_exercised(ID)
    assert tale.end("completed").not_exercised(ID)
    assert tale.end("completed", log="hold done").not_exercised(ID)
    assert tale.end("completed", error="none").not_exercised(ID)


def test_an_undo_by_saga_is_logged_for_each_step_that_it_was_needed_for() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge")
    tale.undo("hold", "charge")
    log = [DONE, ["charge", "done"], UNDONE]
    message = "step charge was acknowledged, and the log leaves out that it is undone"
    assert tale.end("compensated", log=log).violation(ID) == message


def test_an_undo_by_saga_need_not_be_logged_for_what_was_refused() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge", 409)
    tale.undo("hold", "charge")
    assert tale.end("compensated", log=[DONE, UNDONE]).held(ID)
