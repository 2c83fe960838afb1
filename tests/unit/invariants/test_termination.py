from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from harness.participant import Verb
from harness.plan.decision import Symptom
from harness.process_faults import Boundary
from harness.saga import SagaSpec
from tests.unit.invariants.tale import HOLD, NOTE, PARCEL, Tale, resource, spec, step

ID = "termination"
NO_CAUSE = "the saga ended stuck, and nothing that it saw called for a person"
SPEC = spec(HOLD, PARCEL, NOTE)


@pytest.mark.parametrize("status", ["completed", "compensated"])
def test_held_by_a_terminal_outcome(status: str) -> None:
    assert Tale().end(status).held(ID)


def test_violated_by_what_is_no_outcome() -> None:
    assert Tale().end(problem="the saga raised KeyError: 1").violation(ID) == "the saga raised KeyError: 1"


def test_violated_by_running_to_the_end() -> None:
    tale = Tale().end("running")
    assert tale.violation(ID) == "the saga still answers running after everything has healed"
    assert tale.end("completed", executor=2).held(ID)


def test_a_problem_of_any_executor_counts() -> None:
    tale = Tale().end(problem="the saga raised KeyError").end("completed", executor=2)
    assert tale.violation(ID) == "the saga raised KeyError"


def test_violated_by_never_ending() -> None:
    assert Tale().violation(ID) == "the saga never ended"


def test_violated_by_a_request_without_time_out_that_settling_broke_off() -> None:
    tale = Tale()
    tale.act("hold", Symptom.RESET, endless=True, broken_off=True)
    message = "POST /holds was sent without a time-out and waited until everything healed"
    assert tale.end("compensated").violation(ID) == message


@pytest.mark.parametrize(("endless", "broken_off"), [(True, False), (False, True)])
def test_a_request_that_could_have_ended_by_itself_is_right(endless: bool, broken_off: bool) -> None:
    tale = Tale()
    tale.act("hold", Symptom.RESET, endless=endless, broken_off=broken_off)
    tale.act("hold", endless=True)
    assert tale.end("completed").held(ID)


# Stuck needs a cause -------------------------------------------------------------------------

FAILS = [
    pytest.param(403, None, id="refused"),
    pytest.param(500, None, id="5xx"),
    pytest.param(Symptom.SILENCE, "lose_reply", id="time-out"),
    pytest.param(Symptom.REFUSED, "refuse", id="no connection"),
    pytest.param(Symptom.RESET, None, id="reset"),
]
"""Each by a fault, or by an answer."""

LEFT_EARLY = [
    pytest.param({"came": Symptom.SILENCE}, id="a time-out of its own"),
    pytest.param({"came": Symptom.CUT, "abandoned": True}, id="given up"),
    pytest.param({"came": None}, id="still waiting"),
]


def stuck(tale: Tale) -> Tale:
    """The same, had it ended here."""
    return deepcopy(tale).end("stuck")


@pytest.mark.parametrize(("came", "fault"), FAILS)
def test_an_undo_that_failed_is_a_cause(came: int | Symptom, fault: str | None) -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=came, fault=fault)
    assert stuck(tale).held(ID)
    tale.undo("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize("left", LEFT_EARLY)
def test_an_undo_that_the_saga_left_too_early_is_none(left: dict[str, Any]) -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", **left)
    assert stuck(tale).violation(ID) == NO_CAUSE
    tale.undo("hold", fault="slow", **left)
    assert stuck(tale).held(ID)


def test_an_undo_that_was_acknowledged_is_no_cause_whatever_comes_after_it() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold")
    tale.undo("hold", came=403)
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_of_an_undo_by_saga_that_covers_several_steps_the_last_word_counts() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge")
    tale.undo("hold", "charge")
    tale.undo("hold", "charge", came=403)
    assert stuck(tale).held(ID)
    tale.undo("hold", "charge")
    assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize(("came", "fault"), FAILS)
def test_a_query_that_failed_is_a_cause(came: int | Symptom, fault: str | None) -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.ask("hold", came=came, fault=fault)
    assert stuck(tale).held(ID)
    tale.ask("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_query_that_the_saga_left_too_early_is_none() -> None:
    tale = Tale()
    tale.act("hold")
    tale.ask("hold", came=Symptom.SILENCE)
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_nor_is_one_before_its_step_or_about_one_that_is_undone_or_has_no_undo() -> None:
    tale = Tale()
    tale.ask("hold", came=500)
    tale.act("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE
    tale.ask("hold", came=500)
    tale.undo("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE
    tale = Tale(SPEC)
    tale.act("parcel")
    tale.ask("parcel", came=500)
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_pivot_in_doubt_is_a_cause_and_a_refused_one_is_not() -> None:
    tale = Tale(SPEC)
    tale.act("parcel", Symptom.SILENCE, fault="lose_reply")
    assert stuck(tale).held(ID)
    tale = Tale(SPEC)
    tale.act("parcel", 409)
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_pivot_that_a_query_showed_is_decided() -> None:
    tale = Tale(SPEC)
    tale.act("parcel", Symptom.SILENCE, fault="lose_reply")
    tale.ask("parcel")
    assert stuck(tale).held(ID)
    tale.ask("parcel", lists=("parcel-1",))
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_pivot_in_doubt_because_the_saga_left_too_early_is_none() -> None:
    tale = Tale(SPEC)
    tale.act("parcel", Symptom.SILENCE)
    assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize("name", ["hold", "parcel"])
def test_a_contradiction_is_a_cause(name: str) -> None:
    tale = Tale(SPEC)
    tale.act(name, Symptom.SILENCE)
    tale.act(name, 409)
    assert stuck(tale).held(ID)
    tale.act(name)
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_contradicted_step_that_was_undone_is_none() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.act("hold", 409)
    tale.undo("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_refusals_without_a_doubt_before_are_no_contradiction() -> None:
    tale = Tale(SPEC)
    tale.act("hold", 409)
    tale.act("hold", 409)
    tale.act("hold", Symptom.SILENCE, fault="lose_reply")
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_doubt_without_a_way_to_find_or_undo_it_is_a_cause() -> None:
    for verbs, right in (((), False), ((Verb.CREATE, Verb.DELETE), True)):
        tale = Tale(SPEC, resources=(resource("hold", *verbs),))
        tale.act("hold", Symptom.SILENCE, fault="lose_reply")
        assert bool(stuck(tale).judge(ID).message) is not right


def test_without_a_doubt_there_is_a_way() -> None:
    blind = resource("hold", Verb.CREATE, Verb.DELETE)
    for came, fault in ((201, None), (409, None), (Symptom.SILENCE, None)):
        tale = Tale(SPEC, resources=(blind,))
        tale.act("hold", came, fault=fault)
        assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize(("came", "fault"), FAILS)
def test_a_retriable_step_that_failed_is_a_cause(came: int | Symptom, fault: str | None) -> None:
    tale = Tale(SPEC)
    tale.act("parcel")
    tale.act("note", came, fault=fault)
    assert stuck(tale).held(ID)
    tale.act("note")
    assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize("left", LEFT_EARLY)
def test_a_retriable_step_that_the_saga_left_too_early_is_none(left: dict[str, Any]) -> None:
    tale = Tale(SPEC)
    tale.act("parcel")
    tale.act("note", **left)
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_nothing_seen_is_no_cause() -> None:
    assert stuck(Tale()).violation(ID) == NO_CAUSE


def test_a_cause_comes_before_the_word_of_whoever_says_it() -> None:
    tale = stuck(Tale())
    tale.act("hold", executor=2)
    tale.undo("hold", came=403, executor=2)
    assert tale.violation(ID) == NO_CAUSE
    tale = Tale()
    tale.act("hold")
    undo = tale.undo("hold", came=None)
    tale = stuck(tale)
    tale.came(undo, 403)
    assert tale.violation(ID) == NO_CAUSE


def test_each_executor_that_says_it_has_a_cause() -> None:
    tale = stuck(Tale())
    tale.act("hold", executor=2)
    assert tale.end("completed", executor=2).violation(ID) == NO_CAUSE


# After a process fault --------------------------------------------------------------------------------


def test_a_pivot_that_may_have_been_begun_by_one_that_was_struck_is_in_doubt() -> None:
    tale = Tale(SPEC)
    tale.strike(tale.act("hold"), boundary=Boundary.ANSWERED)
    assert tale.end("stuck", executor=2).held(ID)


def test_so_is_a_step_that_nobody_can_find() -> None:
    tale = Tale(SPEC, resources=(resource("hold", Verb.CREATE, Verb.DELETE),))
    tale.strike(tale.act("hold", None, applied=True))
    assert tale.end("stuck", executor=2).held(ID)


def test_an_undo_that_was_struck_is_open() -> None:
    tale = Tale()
    tale.act("hold")
    tale.strike(tale.undo("hold"))
    assert tale.end("stuck", executor=2).held(ID)
    tale.undo("hold", executor=3)
    assert tale.end("stuck", executor=3).violation(ID) == NO_CAUSE


# Where attempts cannot be seen -----------------------------------------------------------------


def unseen(told: SagaSpec | None = None) -> Tale:
    return Tale(told, visible_attempts=False)


def test_a_cause_that_could_not_be_seen_counts_where_nobody_listened() -> None:
    tale = unseen(spec(HOLD))
    tale.act("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE
    assert stuck(tale.take_away("elsewhere")).violation(ID) == NO_CAUSE
    assert stuck(tale.take_away()).held(ID)
    tale.undo("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_the_first_step_may_have_been_tried_and_undone_in_vain() -> None:
    assert stuck(unseen().take_away()).held(ID)
    unseen_check = unseen(spec(step("hold", undo=False), PARCEL))
    assert stuck(unseen_check.take_away()).violation(ID) == NO_CAUSE


def test_whoever_sees_every_attempt_needs_one_that_was_made() -> None:
    tale = Tale()
    tale.act("hold")
    assert stuck(tale.take_away()).violation(ID) == NO_CAUSE


def test_a_retriable_step_may_have_found_nobody_and_a_pivot_is_then_surely_not_applied() -> None:
    tale = unseen(spec(PARCEL, NOTE))
    tale.take_away()
    assert stuck(tale).held(ID)
    assert stuck(unseen(spec(PARCEL)).take_away()).violation(ID) == NO_CAUSE
    tale.act("note")
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_participant_that_died_is_away_too() -> None:
    tale = unseen()
    tale.act("hold", Symptom.RESET, applied=True, fault="participant_crash")
    assert stuck(tale).held(ID)


def test_what_went_away_after_a_call_did_not_strike_it() -> None:
    tale = Tale()
    tale.act("hold")
    undo = tale.undo("hold", came=None)
    tale.take_away("elsewhere", call=undo).came(undo, Symptom.SILENCE)
    assert stuck(tale).violation(ID) == NO_CAUSE
