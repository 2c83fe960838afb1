"""What messages add to the judgements: dead letters as a cause of stuck, one end, branches of their own."""

from __future__ import annotations

import pytest

from harness.history import MessageDead, MessageDelivered, MessagePublished
from harness.plan.decision import Symptom
from harness.saga import Step
from tests.unit.invariants.tale import HOLD, NOTE, PARCEL, Tale, spec, step


def published(
    tale: Tale,
    type_: str = "Done",
    id_: str = "1",
    *,
    end: str | None = None,
    call: int = 1,
    source: str = "/shop",
) -> Tale:
    tale.events.append(
        MessagePublished(
            t_s=tale.now_s,
            call=call,
            message=1,
            id=id_,
            type=type_,
            saga_id="saga-1",
            end=end,
            source=source,
        )
    )
    return tale


def delivered(tale: Tale, attempt: int = 1, *, fault: str | None = None) -> int:
    """A delivery that is still being handled."""
    call = tale._call((), None, None, fault=fault, participant="events")
    tale.events.append(
        MessageDelivered(t_s=tale.now_s, call=call, message=1, subscription="on_a", attempt=attempt)
    )
    return call


def dead(
    tale: Tale, *, attempts: int = 1, struck: int = 0, last_struck: bool = False, saga: str = "saga-1"
) -> Tale:
    deliveries = [one.call for one in tale.events if isinstance(one, MessageDelivered)]
    tale.events.append(
        MessageDead(
            t_s=tale.now_s,
            call=deliveries[-1] if deliveries else 1,
            message=1,
            type="A",
            subscription="on_a",
            saga_id=saga,
            attempts=attempts,
            struck=struck,
            last_struck=last_struck,
        )
    )
    return tale


def test_a_dead_letter_whose_last_delivery_was_struck_calls_for_a_person() -> None:
    assert dead(Tale(), attempts=5, struck=1, last_struck=True).end("stuck").held("termination")
    assert not dead(Tale(), attempts=5, struck=4).end("stuck").held("termination")
    assert not dead(Tale(), struck=1, last_struck=True, saga="other").end("stuck").held("termination")


def test_it_has_to_be_one_before_the_word() -> None:
    tale = Tale().end("stuck")
    assert not dead(tale, struck=1, last_struck=True).held("termination")


@pytest.mark.parametrize("came", [500, Symptom.SILENCE])
def test_a_handler_that_could_not_publish_is_not_to_blame(came: int | Symptom) -> None:
    tale = Tale()
    call = delivered(tale)
    tale._call((), None, came, fault="error_before")
    tale.came(call, 500)
    assert dead(tale).end("stuck").held("termination")


def test_nor_is_one_that_could_not_publish_the_event_that_is_its_step() -> None:
    tale = Tale()
    call = delivered(tale)
    tale.act("hold", Symptom.SILENCE, fault="lose_request", participant="events")
    tale.came(call, 500)
    assert dead(tale).end("stuck").held("termination")


def test_what_became_of_another_delivery_excuses_no_handler() -> None:
    tale = Tale()
    call = delivered(tale)
    tale._call((), None, Symptom.SILENCE, fault="drop_message", participant="events")
    tale.act("hold", 409)
    tale.came(call, 500)
    assert not dead(tale).end("stuck").held("termination")


def test_nor_one_to_which_an_undo_or_a_retriable_step_failed() -> None:
    tale = Tale(spec(HOLD, PARCEL, NOTE))
    tale.act("hold")
    tale.act("parcel")
    call = delivered(tale)
    tale.act("note", 500)
    tale.came(call, 500)
    assert dead(tale).end("stuck").held("termination")


def test_one_that_leaves_it_at_a_refused_step_is_to_blame() -> None:
    tale = Tale()
    call = delivered(tale)
    tale.act("hold", 409)
    tale.came(call, 500)
    assert not dead(tale).end("stuck").held("termination")


def test_a_handler_may_refuse_because_a_step_failed_before_it_gives_the_step_up() -> None:
    """What counts is the last delivery: the step is given up by then, and its end could not be published."""
    tale = Tale()
    first = delivered(tale)
    tale.act("hold", Symptom.REFUSED)
    tale.came(first, 500)
    last = delivered(tale, 2)
    tale._call((), None, Symptom.SILENCE, fault="lose_request")
    tale.came(last, 500)
    assert dead(tale, attempts=2).end("stuck").held("termination")


def test_one_that_leaves_it_at_a_failed_step_to_the_last_is_to_blame() -> None:
    tale = Tale()
    first = delivered(tale)
    tale._call((), None, Symptom.SILENCE, fault="lose_request")
    tale.came(first, 500)
    last = delivered(tale, 2)
    tale.act("hold", Symptom.REFUSED)
    tale.came(last, 500)
    assert not dead(tale, attempts=2).end("stuck").held("termination")


def test_what_is_to_blame_is_told_with_its_last_refusal() -> None:
    tale = Tale()
    call = delivered(tale)
    tale.act("hold", 409)
    tale.came(call, 500)
    refused = len(tale.events) - 1
    dead(tale, saga="other")
    dead(tale, attempts=3, struck=2).end("stuck")
    judged = tale.judge("termination")
    assert judged.message.endswith("A is a dead letter, for its handler on_a refused it to the last")
    assert judged.evidence == (refused, len(tale.events) - 1)


def test_one_that_was_never_answered_is_told_without() -> None:
    tale = dead(Tale(), attempts=3, struck=2).end("stuck")
    assert tale.judge("termination").evidence == (len(tale.events) - 1,)


def test_an_end_that_was_published_is_the_word_before_which_a_cause_has_to_come() -> None:
    tale = dead(published(Tale(), "Stuck", end="stuck"), struck=1, last_struck=True)
    assert not tale.end("stuck").held("termination")
    tale = published(dead(Tale(), struck=1, last_struck=True), "Stuck", end="stuck")
    assert tale.end("stuck").held("termination")


def test_a_dead_letter_after_the_end_needs_a_cause_too() -> None:
    tale = dead(published(Tale(), "Cancelled", end="compensated"), struck=1, last_struck=True)
    assert tale.end("compensated").held("termination")
    tale = published(Tale(), "Cancelled", end="compensated")
    tale.came(delivered(tale), 500)
    said = "A is a dead letter, for its handler on_a refused it to the last, and nothing that it saw"
    assert dead(tale).end("compensated").violation("termination").startswith(said)


def test_one_that_nobody_answered_after_the_end_is_nobodys_refusal() -> None:
    tale = published(Tale(), "Cancelled", end="compensated")
    tale.came(delivered(tale), Symptom.SILENCE)
    assert dead(tale).end("compensated").held("termination")


def test_whoever_publishes_no_end_is_not_held_to_the_dead_letters_of_others() -> None:
    assert dead(published(Tale())).end("compensated").held("termination")


def test_a_delay_does_not_blame_a_handler_that_could_not_publish() -> None:
    tale = Tale()
    call = delivered(tale, fault="delay_message")
    tale._call((), None, Symptom.SILENCE, fault="lose_request")
    tale.came(call, 500)
    assert dead(tale).end("stuck").held("termination")


def test_nor_does_what_failed_at_another_time_excuse_it() -> None:
    tale = Tale()
    tale._call((), None, 500, fault="error_before")
    call = delivered(tale)
    tale._call((), None, 201)
    tale.came(call, 500)
    assert not dead(tale).end("stuck").held("termination")


def test_a_saga_publishes_one_end() -> None:
    tale = published(Tale(), "Confirmed", "1", end="completed")
    published(tale, "Other", "2")
    published(tale, "Confirmed", "1", end="completed")
    tale.act("hold")
    tale.act("charge")
    assert tale.end("completed").held("truthful_outcome")
    again = published(tale, "Confirmed", "3", end="completed")
    assert "published its end Confirmed, and then the same end" in again.violation("truthful_outcome")


def test_two_different_ends_contradict_each_other() -> None:
    tale = published(Tale(), "Confirmed", "1", end="completed")
    published(tale, "Cancelled", "2", end="compensated").end("compensated")
    assert "and then another end, Cancelled" in tale.violation("truthful_outcome")


def test_two_ends_with_one_id_are_two_where_their_types_differ() -> None:
    tale = published(Tale(), "Cancelled", "1", end="compensated")
    published(tale, "Confirmed", "1", end="completed").end("compensated")
    assert "and then another end, Confirmed with the same id" in tale.violation("truthful_outcome")


def test_an_id_is_one_event_only_where_the_source_is_the_same() -> None:
    tale = published(Tale(), "Cancelled", "1", end="compensated")
    published(tale, "Cancelled", "1", end="compensated", source="/bank").end("compensated")
    assert "its source was '/shop', and then '/bank'" in tale.violation("truthful_outcome")


def branches(first: Step, second: Step, *, events: bool) -> Tale:
    tale = Tale(spec(first, second))
    if events:
        published(tale, call=0)
    tale.act(first.name, Symptom.SILENCE)
    tale.undo(first.name)
    tale.act(second.name)
    tale.undo(second.name)
    return tale.end("compensated")


def test_a_branch_of_a_choreographed_saga_does_not_know_what_another_one_undid() -> None:
    apart = (step("hold", after=()), step("charge", after=()))
    assert branches(*apart, events=True).held("pivot_correctness")
    assert not branches(*apart, events=False).held("pivot_correctness")
    assert not branches(step("hold"), step("charge"), events=True).held("pivot_correctness")


def told_again(*, before: bool = True, id_: str | None = "1") -> Tale:
    """The event of `hold` is published before and after an undo. id_: of the second; None: lost."""
    tale = Tale()
    call = tale.act("hold", Symptom.SILENCE, applied=before)
    if before:
        published(tale, "Held", call=call)
    tale.act("charge", Symptom.SILENCE)
    tale.undo("charge")
    call = tale.act("hold", 201 if id_ else Symptom.SILENCE, applied=False)
    if id_:
        published(tale, "Held", id_, call=call)
    tale.undo("hold")
    return tale.end("compensated")


def test_an_event_that_the_bus_had_may_be_published_once_more_after_an_undo() -> None:
    assert told_again().held("pivot_correctness")
    assert told_again(id_=None).held("pivot_correctness")
    assert not told_again(id_="2").held("pivot_correctness")
    assert not told_again(before=False).held("pivot_correctness")
    assert not told_again(before=False, id_=None).held("pivot_correctness")
