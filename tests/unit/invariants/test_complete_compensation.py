from __future__ import annotations

import pytest

from harness.plan.decision import Symptom
from harness.saga import Choice
from tests.unit.invariants.tale import CHARGE, HOLD, PARCEL, Tale, spec, step

ID = "complete_compensation"


def aborted(tale: Tale) -> Tale:
    return tale.end("compensated")


def test_held_where_what_was_done_is_undone() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge", 409)
    tale.undo("hold")
    assert aborted(tale).held(ID)


def test_violated_where_what_was_done_is_not_undone() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge", 409)
    assert aborted(tale).violation(ID) == "step hold was applied and not undone"


@pytest.mark.parametrize("came", [Symptom.SILENCE, Symptom.RESET, Symptom.CUT, 500, 202])
def test_violated_where_doubt_is_not_undone(came: int | Symptom) -> None:
    tale = Tale()
    tale.act("hold", came)
    assert aborted(tale).violation(ID) == "step hold was in doubt and not undone"


@pytest.mark.parametrize("then", [(), (409,)])
def test_nothing_is_asked_where_a_redirect_led_to_a_refusal_or_nowhere(then: tuple[int, ...]) -> None:
    tale = Tale()
    for came in (307, *then):
        tale.act("hold", came, applied=False)
    assert aborted(tale).not_exercised(ID)


def test_violated_where_a_redirect_led_into_doubt() -> None:
    tale = Tale()
    tale.act("hold", 307)
    tale.act("hold", Symptom.SILENCE)
    assert aborted(tale).violation(ID) == "step hold was in doubt and not undone"


def test_violated_where_an_unreadable_success_is_not_undone() -> None:
    tale = Tale()
    tale.act("hold", applied=False, readable=False)
    assert aborted(tale).violation(ID) == "step hold was in doubt and not undone"


def test_an_action_still_on_its_way_is_in_doubt() -> None:
    tale = Tale()
    tale.act("hold", None)
    assert aborted(tale).violation(ID) == "step hold was in doubt and not undone"


@pytest.mark.parametrize("came", [204, 201, 404, 410])
def test_held_where_doubt_is_undone(came: int) -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.undo("hold", came=came)
    assert aborted(tale).held(ID)


def test_an_undo_with_an_unreadable_success_may_be_taken_as_done() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.undo("hold", came=201, readable=False)
    assert aborted(tale).held(ID)


def test_an_undo_that_took_effect_unseen_leaves_nothing() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=Symptom.SILENCE, applied=True)
    assert aborted(tale).held(ID)


def test_a_query_after_the_doubt_may_clear_it() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.ask("hold")
    assert aborted(tale).held(ID)


def test_a_query_before_the_doubt_ended_clears_nothing() -> None:
    tale = Tale()
    number = tale.act("hold", None)
    tale.ask("hold")
    tale.came(number, Symptom.SILENCE)
    assert aborted(tale).violation(ID) == "step hold was in doubt and not undone"


def test_what_landed_after_a_query_is_left_all_the_same() -> None:
    tale = Tale()
    number = tale.act("hold", Symptom.SILENCE)
    tale.ask("hold")
    tale.land(number)
    assert aborted(tale).violation(ID) == "step hold was applied and not undone"


@pytest.mark.parametrize("came", [409, 429, Symptom.REFUSED])
def test_what_surely_was_not_applied_needs_no_undo(came: int | Symptom) -> None:
    tale = Tale()
    tale.act("hold", came)
    assert aborted(tale).not_exercised(ID)
    tale.undo("hold", came=404)
    assert not aborted(tale).judge(ID).message


def test_a_refusal_after_a_doubt_does_not_clear_it() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.act("hold", 409)
    assert aborted(tale).violation(ID) == "step hold was in doubt and not undone"


def test_a_failed_step_must_be_undone_where_the_policy_says_so() -> None:
    told = spec(failed_step=Choice.MUST)
    tale = Tale(told)
    tale.act("hold", 409)
    assert aborted(tale).violation(ID) == "step hold failed and was not undone, and failed_step is 'must'"
    tale = Tale(told)
    tale.act("hold", 409)
    tale.undo("hold", came=404)
    assert not aborted(tale).judge(ID).message


def test_a_failed_step_must_not_be_undone_where_the_policy_says_so() -> None:
    tale = Tale(spec(failed_step=Choice.NEVER))
    tale.act("hold", 409)
    tale.undo("hold", came=404)
    message = "step hold surely was not applied and was undone, and failed_step is 'never'"
    assert aborted(tale).violation(ID) == message


def test_an_undo_by_saga_may_cover_a_failed_step_beside_one_that_was_applied() -> None:
    tale = Tale(spec(failed_step=Choice.NEVER))
    tale.act("hold")
    tale.act("charge", 409)
    tale.undo("charge", "hold")
    assert aborted(tale).held(ID)


def test_an_untried_step_is_not_undone_unless_the_policy_lets_it() -> None:
    tale = Tale()
    tale.undo("charge", came=404)
    assert aborted(tale).violation(ID) == "step charge was undone and had never been sent"
    tale = Tale(spec(untried_step=Choice.MAY))
    tale.undo("charge", came=404)
    assert not aborted(tale).judge(ID).message


def test_an_untried_step_is_judged_only_where_attempts_are_visible() -> None:
    tale = Tale(visible_attempts=False)
    tale.undo("charge", came=404)
    assert not aborted(tale).judge(ID).message


def test_an_undo_by_saga_may_cover_an_untried_step() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("charge", "hold")
    assert aborted(tale).held(ID)


def test_an_undo_that_belongs_to_no_step_is_nobodys() -> None:
    tale = Tale()
    tale.act("hold", 409)
    tale.undo(came=404)
    assert aborted(tale).not_exercised(ID)


def test_an_undo_sent_before_its_action_is_of_an_untried_step() -> None:
    tale = Tale()
    tale.undo("hold", came=404)
    tale.act("hold")
    assert aborted(tale).violation(ID) == "step hold was undone and had never been sent"


@pytest.mark.parametrize("status", ["completed", "stuck"])
def test_no_abort_is_not_judged(status: str) -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=500)
    assert tale.end(status).not_exercised(ID)


def test_a_saga_that_raised_has_aborted_and_one_that_hung_has_not() -> None:
    tale = Tale()
    tale.act("hold")
    assert (
        tale.end(problem="the saga raised KeyError").violation(ID) == "step hold was applied and not undone"
    )
    assert tale.end(problem="no outcome", timed_out=True).not_exercised(ID)


def test_a_saga_that_still_runs_has_aborted_once_it_sent_an_undo() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("running").not_exercised(ID)
    tale.undo("hold", came=500)
    assert tale.end("running").violation(ID) == "step hold was applied and not undone"


def test_nothing_needs_undoing_once_the_pivot_took_effect() -> None:
    tale = Tale(spec(HOLD, PARCEL))
    tale.act("hold")
    tale.act("parcel")
    assert aborted(tale).not_exercised(ID)


def test_a_step_without_an_undo_leaves_nothing_that_counts() -> None:
    tale = Tale(spec(step("look", undo=False), CHARGE))
    tale.act("look")
    tale.act("charge", 409)
    assert aborted(tale).not_exercised(ID)


def test_a_pivot_that_did_not_take_effect_excuses_nothing() -> None:
    tale = Tale(spec(HOLD, PARCEL))
    tale.act("hold")
    tale.act("parcel", 409)
    assert aborted(tale).violation(ID) == "step hold was applied and not undone"


def test_the_policy_of_a_failed_step_is_not_about_a_doubtful_one() -> None:
    tale = Tale(spec(failed_step=Choice.NEVER))
    tale.act("hold", Symptom.SILENCE)
    tale.undo("hold")
    assert aborted(tale).held(ID)


def test_an_undo_that_could_not_be_seen_may_have_been_sent() -> None:
    tale = Tale(spec(failed_step=Choice.MUST), visible_attempts=False)
    tale.act("hold", 409)
    assert not aborted(tale).judge(ID).message


def test_the_step_after_the_one_that_was_struck_counts_as_begun() -> None:
    for boundary, alarm in ((True, False), (False, True)):
        tale = Tale()
        call = tale.act("hold")
        if boundary:
            tale.strike(call)
        tale.undo("charge", executor=2)
        tale.undo("hold", executor=2)
        assert aborted(tale).held(ID) is not alarm


def test_a_step_further_on_does_not() -> None:
    tale = Tale(spec(HOLD, CHARGE, step("gift")))
    tale.strike(tale.act("hold"))
    tale.undo("gift", executor=2)
    tale.undo("hold", executor=2)
    assert aborted(tale).violation(ID) == "step gift was undone and had never been sent"


def test_a_refusal_that_a_struck_saga_may_not_have_heard_may_be_undone() -> None:
    for struck in (True, False):
        tale = Tale(spec(failed_step=Choice.NEVER))
        tale.act("hold")
        call = tale.act("charge", 409)
        if struck:
            tale.strike(call)
        tale.undo("charge", executor=2)
        tale.undo("hold", executor=2)
        assert aborted(tale).held(ID) is struck


def test_a_refusal_that_a_struck_saga_may_have_heard_need_not_be_undone() -> None:
    tale = Tale()
    tale.act("hold")
    tale.strike(tale.act("charge", 409))
    tale.undo("hold", executor=2)
    assert aborted(tale).held(ID)


def lapsing(due_s: float, *, tried: bool, visible_attempts: bool = True) -> Tale:
    """One hold, undone in vain or never, which lapses once the saga ended."""
    tale = Tale(visible_attempts=visible_attempts)
    tale.act("hold")
    if tried:
        tale.undo("hold", came=503, applied=False)
    tale.end("compensated")
    tale.lapse("hold", due_s=due_s)
    return tale


def test_violated_where_what_would_lapse_later_was_forgotten() -> None:
    message = "step hold was applied and its undo never sent: it is held until its time is up"
    assert lapsing(60.0, tried=False).violation(ID) == message


def test_held_where_its_undo_was_tried_or_its_time_was_up_or_attempts_are_not_seen() -> None:
    assert lapsing(60.0, tried=True).held(ID)
    assert not lapsing(0.1, tried=False).judge(ID).message
    assert not lapsing(60.0, tried=False, visible_attempts=False).judge(ID).message
