from __future__ import annotations

import pytest

from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale

ID = "failed_compensation_escalated"


def undo_failed(came: int | Symptom = 500) -> Tale:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=came)
    return tale


@pytest.mark.parametrize("status", ["compensated", "completed"])
@pytest.mark.parametrize("came", [403, 500, 202, Symptom.SILENCE, Symptom.REFUSED])
def test_violated_by_an_undo_that_failed_in_silence(status: str, came: int | Symptom) -> None:
    message = f"the undo of step hold failed, and the saga ended with {status}"
    assert undo_failed(came).end(status).violation(ID) == message


def test_held_where_a_person_is_told() -> None:
    assert undo_failed().end("stuck").held(ID)


def test_not_exercised_where_the_undo_was_acknowledged_in_the_end() -> None:
    tale = undo_failed()
    tale.undo("hold")
    assert tale.end("compensated").not_exercised(ID)


def test_an_unreadable_success_may_be_taken_for_one() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=201, readable=False)
    assert tale.end("compensated").not_exercised(ID)


def test_an_undo_that_took_effect_unseen_is_no_failure() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=Symptom.SILENCE, applied=True)
    assert tale.end("compensated").held(ID)


def test_an_undo_that_was_not_needed_may_fail() -> None:
    for came in (409, Symptom.REFUSED):
        tale = Tale()
        tale.act("hold", came)
        tale.undo("hold", came=500)
        assert tale.end("compensated").not_exercised(ID)


def test_an_undo_in_doubt_is_needed_though_nothing_was_made() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.undo("hold", came=500)
    assert not tale.end("compensated").held(ID)


def test_not_exercised_without_an_undo() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("compensated").not_exercised(ID)
