from __future__ import annotations

import pytest

from harness.participant import Verb
from harness.plan.treatment import Symptom
from tests.unit.invariants.tale import HOLD, NOTE, PARCEL, Tale, resource, spec

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


def stuck(tale: Tale) -> Tale:
    return tale.end("stuck")


@pytest.mark.parametrize("came", [403, 500, Symptom.SILENCE, Symptom.REFUSED])
def test_an_undo_that_failed_is_a_cause(came: int | Symptom) -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=came)
    assert stuck(tale).held(ID)
    tale.undo("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize("came", [403, 500, Symptom.SILENCE])
def test_a_query_that_failed_is_a_cause(came: int | Symptom) -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.ask("hold", came=came)
    assert stuck(tale).held(ID)
    tale.ask("hold")
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_pivot_in_doubt_is_a_cause_and_a_refused_one_is_not() -> None:
    tale = Tale(SPEC)
    tale.act("parcel", Symptom.SILENCE)
    assert stuck(tale).held(ID)
    tale = Tale(SPEC)
    tale.act("parcel", 409)
    assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize("name", ["hold", "parcel"])
def test_a_contradiction_is_a_cause(name: str) -> None:
    tale = Tale(SPEC)
    tale.act(name, Symptom.SILENCE)
    tale.act(name, 409)
    assert stuck(tale).held(ID)


def test_refusals_without_a_doubt_before_are_no_contradiction() -> None:
    tale = Tale(SPEC)
    tale.act("hold", 409)
    tale.act("hold", 409)
    tale.act("hold", Symptom.SILENCE)
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_a_doubt_without_a_way_to_find_or_undo_it_is_a_cause() -> None:
    for verbs, right in (((), False), ((Verb.CREATE, Verb.DELETE), True)):
        tale = Tale(SPEC, resources=(resource("hold", *verbs),))
        tale.act("hold", Symptom.SILENCE)
        assert bool(stuck(tale).judge(ID).message) is not right


def test_without_a_doubt_there_is_a_way() -> None:
    blind = resource("hold", Verb.CREATE, Verb.DELETE)
    for came in (201, 409):
        tale = Tale(SPEC, resources=(blind,))
        tale.act("hold", came)
        assert stuck(tale).violation(ID) == NO_CAUSE


@pytest.mark.parametrize("came", [409, 500, Symptom.REFUSED])
def test_a_retriable_step_that_failed_is_a_cause(came: int | Symptom) -> None:
    tale = Tale(SPEC)
    tale.act("parcel")
    tale.act("note", came)
    assert stuck(tale).held(ID)
    tale.act("note")
    assert stuck(tale).violation(ID) == NO_CAUSE


def test_nothing_seen_is_no_cause() -> None:
    assert stuck(Tale()).violation(ID) == NO_CAUSE


def test_a_cause_that_could_not_be_seen_counts() -> None:
    assert stuck(Tale(visible_attempts=False)).held(ID)
