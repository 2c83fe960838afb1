"""What a call told its sender (RULES §1), and what is folded into it."""

from __future__ import annotations

import pytest

from harness.history import Answer
from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale


def answer_of(tale: Tale) -> Answer:
    return tale.view.history.calls[-1].answer


@pytest.mark.parametrize(
    ("came", "action", "undo", "query"),
    [
        (200, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED),
        (201, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED),
        (202, Answer.ACCEPTED, Answer.ACCEPTED, Answer.ACKNOWLEDGED),
        (204, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED),
        (404, Answer.REFUSED, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED),
        (410, Answer.REFUSED, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED),
        (409, Answer.REFUSED, Answer.REFUSED, Answer.REFUSED),
        (429, Answer.REFUSED, Answer.REFUSED, Answer.REFUSED),
        (302, Answer.DOUBT, Answer.DOUBT, Answer.DOUBT),
        (303, Answer.DOUBT, Answer.DOUBT, Answer.DOUBT),
        (307, Answer.REFUSED, Answer.REFUSED, Answer.REFUSED),
        (308, Answer.REFUSED, Answer.REFUSED, Answer.REFUSED),
        (500, Answer.DOUBT, Answer.DOUBT, Answer.DOUBT),
        (Symptom.SILENCE, Answer.DOUBT, Answer.DOUBT, Answer.DOUBT),
        (Symptom.RESET, Answer.DOUBT, Answer.DOUBT, Answer.DOUBT),
        (Symptom.CUT, Answer.DOUBT, Answer.DOUBT, Answer.DOUBT),
        (Symptom.REFUSED, Answer.UNSENT, Answer.UNSENT, Answer.UNSENT),
        (None, Answer.DOUBT, Answer.DOUBT, Answer.DOUBT),
    ],
)
def test_what_a_reply_means(came: int | Symptom | None, action: Answer, undo: Answer, query: Answer) -> None:
    tale = Tale()
    tale.act("hold", came)
    assert answer_of(tale) is action
    tale.undo("hold", came=came)
    assert answer_of(tale) is undo
    tale.ask("hold", came=came)
    assert answer_of(tale) is query


def test_a_success_that_cannot_be_read() -> None:
    tale = Tale()
    tale.act("hold", readable=False)
    assert answer_of(tale) is Answer.UNREADABLE


def test_which_answers_leave_doubt() -> None:
    assert [one.value for one in Answer if one.in_doubt] == ["accepted", "unreadable", "doubt"]


def test_the_first_end_counts() -> None:
    tale = Tale()
    number = tale.act("hold", Symptom.SILENCE)
    tale.came(number, 201)
    (call,) = tale.view.history.calls
    assert (call.answered, call.answer, call.end_s) == (None, Answer.DOUBT, 0.11)


def test_what_is_sent_again_after_a_202_is_no_attempt() -> None:
    tale = Tale()
    for came in (500, 202, 202, 204, 204):
        tale.undo("hold", came=came)
    assert [call.again for call in tale.view.history.calls] == [False, False, True, True, False]


def test_a_redirect_and_what_follows_it_are_one_attempt() -> None:
    tale = Tale()
    for came in (307, 308, 204, 307):
        tale.undo("hold", came=came)
    assert [call.again for call in tale.view.history.calls] == [True, True, False, False]


def test_what_follows_a_redirect_of_another_step_does_not_follow_this_one() -> None:
    tale = Tale()
    tale.act("hold", came=307)
    tale.act("charge")
    assert not any(call.again for call in tale.view.history.calls)


def test_a_202_of_another_executor_or_step_is_anothers() -> None:
    tale = Tale()
    tale.undo("hold", came=202)
    tale.undo("hold", executor=2)
    tale.undo("charge")
    assert not any(call.again for call in tale.view.history.calls)


def test_what_a_call_knows_of_itself() -> None:
    tale = Tale()
    tale.undo("hold", came=404, copies=1)
    tale.ask("hold", came=410)
    undo, query = tale.view.history.calls
    assert (undo.saga_id, undo.site, undo.query, undo.gone) == (
        "saga-1",
        ("shop.hold.delete", 1),
        False,
        True,
    )
    assert (query.query, query.gone, len(undo.deliveries)) == (True, True, 2)


def test_what_is_there_is_not_gone() -> None:
    tale = Tale()
    tale.undo("hold")
    tale.undo("hold", came=Symptom.SILENCE)
    assert [call.gone for call in tale.view.history.calls] == [False, False]
