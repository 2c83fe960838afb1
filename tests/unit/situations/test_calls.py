"""What calls brought about: seen only where it really came about."""

from __future__ import annotations

import pytest

from harness.participant import Change
from harness.plan.decision import Symptom
from harness.saga import Status
from harness.situations import required_situations, seen_situations
from tests.unit.campaign.test_verdict import lost
from tests.unit.invariants.tale import Tale


def shows(tale: Tale) -> set[str]:
    return set(seen_situations(tale.view))


# Its word ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [None, *Status])
def test_no_other_word_is_completed(status: str | None) -> None:
    tale = Tale()
    tale.act("hold")
    assert ("completed" in shows(tale.end(status))) is (status == "completed")


# An abort that undid something ---------------------------------------------------------------------


def made() -> Tale:
    tale = Tale()
    tale.act("hold")
    return tale


def test_an_abort_that_undid_something() -> None:
    tale = made()
    tale.undo("hold")
    assert "compensation" in shows(tale.end("compensated"))


@pytest.mark.parametrize("status", ["completed", "stuck", "running", None])
def test_not_where_the_saga_ended_otherwise(status: str | None) -> None:
    tale = made()
    tale.undo("hold")
    assert "compensation" not in shows(tale.end(status))


@pytest.mark.parametrize("came", [204, 404, 403, 500, Symptom.SILENCE])
def test_not_where_an_undo_was_merely_sent(came: int | Symptom) -> None:
    tale = made()
    tale.undo("hold", came=came, applied=False)
    assert "compensation" not in shows(tale.end("compensated"))


def test_not_where_a_second_undo_did_something_else() -> None:
    tale = made()
    tale.land(tale.undo("hold", applied=False), Change.REMOVED_AGAIN)
    assert "compensation" not in shows(tale.end("compensated"))


def test_an_undo_that_took_effect_when_it_was_sent_again_or_unseen() -> None:
    tale = made()
    tale.undo("hold", came=202)
    tale.undo("hold")
    assert "compensation" in shows(tale.end("compensated"))
    tale = made()
    tale.undo("hold", came=Symptom.SILENCE, applied=True)
    assert "compensation" in shows(tale.end("compensated"))


def test_not_where_it_took_a_fault_at_the_undo() -> None:
    """A duplicate makes a 202 take effect, although the saga would not have asked again."""
    tale = made()
    tale.undo("hold", fault="duplicate")
    assert "compensation" not in shows(tale.end("compensated"))


# An undo that failed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came", "fault", "failed"),
    [
        (204, None, False),
        (204, "slow", False),
        (404, None, False),
        (202, None, False),
        (403, None, True),
        (500, None, True),
        (Symptom.REFUSED, "refuse", True),
        (Symptom.SILENCE, "lose_reply", True),
        (Symptom.SILENCE, None, False),  # the saga left too early
    ],
)
def test_an_undo_that_failed(came: int | Symptom, fault: str | None, failed: bool) -> None:
    tale = made()
    tale.undo("hold", came=came, fault=fault)
    assert ("failed_compensation" in shows(tale)) is failed


def test_what_went_away_after_an_undo_did_not_make_it_fail() -> None:
    tale = made()
    undo = tale.undo("hold", came=None)
    tale.take_away("elsewhere", call=undo).came(undo, Symptom.SILENCE)
    assert "failed_compensation" not in shows(tale)


# Required ----------------------------------------------------------------------------------------


def test_that_it_completes_is_required_unless_no_input_is_expected_to() -> None:
    assert "completed" in required_situations(lost())
    assert "completed" in required_situations(
        lost(inputs=({}, {}), expects=(Status.COMPENSATED, Status.COMPLETED))
    )
    assert "completed" not in required_situations(lost(expects=(Status.COMPENSATED,)))
