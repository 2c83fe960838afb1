from __future__ import annotations

import pytest

from harness.advice import early_repeat
from harness.plan.decision import Symptom
from harness.saga import Choice, OnFailedCompensation
from tests.unit.invariants.tale import Tale, spec

ID = "bounded_retries"


def tried(tale: Tale, times: int) -> Tale:
    for _ in range(times):
        tale.act("hold", 500)
    return tale


def test_not_exercised_by_one_attempt_each() -> None:
    tale = tried(Tale(), 1)
    tale.act("charge", 500)
    assert tale.not_exercised(ID)


def test_attempts_are_bounded() -> None:
    assert tried(Tale(spec(max_attempts=3)), 3).held(ID)
    message = "the action of step hold was attempted 4 times, and max_attempts is 3"
    assert tried(Tale(spec(max_attempts=3)), 4).violation(ID) == message


def test_each_executor_counts_on_its_own() -> None:
    tale = tried(Tale(spec(max_attempts=2)), 2)
    for _ in range(2):
        tale.act("hold", 500, executor=2)
    assert tale.held(ID)


def test_undos_are_bounded_unless_the_policy_retries_for_ever() -> None:
    for policy, right in ((OnFailedCompensation.STUCK, False), (OnFailedCompensation.FOREVER, True)):
        tale = Tale(spec(max_attempts=2, failed_compensation=policy))
        for _ in range(5):
            tale.undo("hold", came=500)
        assert tale.held(ID) is right
    assert not tried(Tale(spec(max_attempts=2, failed_compensation=policy)), 3).held(ID)


def test_repeats_after_a_202_are_no_attempts() -> None:
    tale = Tale(spec(max_attempts=2))
    tale.act("hold")
    for came in (202, 202, 202, 204):
        tale.undo("hold", came=came)
    assert tale.not_exercised(ID)


def test_what_redirects_lead_to_is_no_repeat() -> None:
    tale = Tale(spec(max_attempts=2), gap_s=0.0)
    for came in (307, 308, 500, 307, 201):
        tale.act("hold", came)
    assert tale.held(ID)


def test_one_immediate_repeat_is_anybodys_right_and_a_second_is_not() -> None:
    assert tried(Tale(gap_s=0.0), 2).held(ID)
    message = "the action of step hold was repeated after 0.0 ms, 2 times under min_gap_s"
    assert tried(Tale(gap_s=0.0), 3).violation(ID) == message


def test_a_second_repeat_beside_an_attempt_that_is_under_way_is_told_as_that() -> None:
    message = (
        "the action of step hold was repeated while the one before was under way, 2 times under min_gap_s"
    )
    assert tried(Tale(gap_s=-0.0005), 2).held(ID)
    assert tried(Tale(gap_s=-0.0005), 3).violation(ID) == message


def test_the_gap_is_counted_from_the_end_of_an_attempt() -> None:
    assert tried(Tale(gap_s=0.01), 3).held(ID)
    assert tried(Tale(spec(min_gap_s=0.1), gap_s=0.101), 3).held(ID)
    assert not tried(Tale(spec(min_gap_s=0.1), gap_s=0.095), 3).held(ID)


def test_an_attempt_whose_end_was_not_seen_says_nothing() -> None:
    tale = Tale(gap_s=0.0)
    for _ in range(3):
        tale.act("hold", None)
    assert tale.held(ID)


@pytest.mark.parametrize(("waited_s", "right"), [(1.0, True), (0.951, True), (0.94, False)])
def test_retry_after_is_kept_within_five_percent_where_it_must_be(waited_s: float, right: bool) -> None:
    for told in (spec(retry_after=Choice.MUST), spec()):
        tale = Tale(told, gap_s=waited_s)
        tale.act("hold", 429, retry_after_s=1.0)
        tale.act("hold")
        assert tale.held(ID) is (right or told.policy.retry_after is Choice.MAY)


def test_retry_after_broken_says_by_how_much() -> None:
    message = "the action of step hold was repeated after 0.50 s, and Retry-After asked for 1 s"
    for told, judged in ((spec(retry_after=Choice.MUST), True), (spec(), False)):
        tale = Tale(told, gap_s=0.5)
        tale.act("hold", 503, retry_after_s=1.0)
        tale.act("hold", Symptom.SILENCE)
        assert tale.judge(ID).message == (message if judged else "")
        assert early_repeat(tale.view) == ("" if judged else message)


def test_of_repeats_that_waited_there_is_nothing_to_advise() -> None:
    tale = Tale(gap_s=1.0)
    tale.act("hold", 429, retry_after_s=1.0)
    tale.act("hold")
    assert early_repeat(tale.view) == ""


def test_who_was_only_heard_to_leave_may_have_left_before() -> None:
    """A process of its own: its connection closes, and word of that may come as late as its next call."""
    for unsure, right in ((True, True), (False, False)):
        tale = Tale(spec(min_gap_s=0.01))
        tale.gap_s = 0.001
        for _ in range(4):
            call = tale.act("hold", None)
            tale.now_s += 0.25
            tale.came(call, Symptom.SILENCE, unsure=unsure)
        assert tale.held(ID) is right, unsure


def test_when_a_caller_sent_what_it_no_longer_waited_for_is_not_known() -> None:
    """Nobody read its request until it had left, and then that of its next attempt, too."""
    for late in (True, False):
        tale = Tale(spec(min_gap_s=0.01))
        tale.gap_s = 0.001
        for _ in range(4):
            tale.came(tale.act("hold", None), Symptom.SILENCE, unsure=True, late=late)
        assert tale.held(ID) is late
