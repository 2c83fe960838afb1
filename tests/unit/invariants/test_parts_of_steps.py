"""Steps of several calls, and steps that only read, as the invariants judge them."""

from __future__ import annotations

from dataclasses import replace

from harness.plan.decision import Symptom
from harness.saga import ReadStep, SagaSpec, several_calls
from tests.unit.invariants.tale import HOLD, PARCEL, Tale, resource, spec

SEAT, MEAL = "book/seat", "book/meal"
BOTH = {"shop.seat.create": "shop.seat.delete_by_saga", "shop.meal.create": "shop.meal.delete_by_saga"}
BOOK = several_calls("book", BOTH)
SERVED = (resource("seat"), resource("meal"), resource("stock"))
LOOK = ReadStep(name="look", reads="shop.stock.find")


def tale(told: SagaSpec | None = None) -> Tale:
    return Tale(told or spec(HOLD, *BOOK), resources=SERVED)


def reading(told: SagaSpec) -> SagaSpec:
    return replace(told, reads=(LOOK,))


def test_completed_needs_every_call() -> None:
    half = tale()
    half.act("hold")
    half.act(SEAT)
    assert "book/meal is not applied" in half.end("completed").violation("truthful_outcome")


def test_what_was_applied_of_it_has_to_be_undone() -> None:
    half = tale()
    half.act(SEAT)
    half.act(MEAL, 409)
    assert "book/seat was applied and not undone" in half.end("compensated").violation(
        "complete_compensation"
    )


def test_whoever_undoes_one_call_may_undo_all_and_in_any_order() -> None:
    for first, last in ((SEAT, MEAL), (MEAL, SEAT)):
        whole = tale()
        whole.act("hold")
        whole.act(SEAT, 409)
        whole.undo(first)
        whole.undo(last)
        whole.undo("hold")
        whole.end("compensated")
        assert whole.held("complete_compensation")
        assert whole.held("compensation_order")


def test_a_step_of_which_nothing_was_sent_is_not_undone() -> None:
    early = tale()
    early.act("hold", 409)
    early.undo(SEAT)
    assert "had never been sent" in early.end("compensated").violation("complete_compensation")


def test_what_comes_before_it_is_undone_after_all_of_its_calls() -> None:
    early = tale()
    early.act("hold")
    early.act(SEAT)
    early.act(MEAL)
    early.undo(SEAT)
    early.undo("hold")
    early.undo(MEAL)
    assert "hold was sent before that of step book/meal" in early.end("compensated").violation(
        "compensation_order"
    )


def test_an_optional_step_is_applied_as_a_whole_or_not_at_all() -> None:
    optional = spec(HOLD, *several_calls("book", BOTH, optional=True))
    none = tale(optional)
    none.act("hold")
    assert none.end("completed").held("truthful_outcome")
    half = tale(optional)
    half.act("hold")
    half.act(MEAL)
    assert "book/seat is not applied" in half.end("completed").violation("truthful_outcome")


def test_calls_of_one_step_may_share_a_key_at_different_participants_alone() -> None:
    apart = tale()
    apart.act(SEAT, key="saga-1:book", participant="air")
    apart.act(MEAL, key="saga-1:book", participant="kitchen")
    assert apart.end("completed").held("idempotency_keys")
    together = tale()
    together.act(SEAT, key="saga-1:book")
    together.act(MEAL, key="saga-1:book")
    assert "is shared by" in together.end("completed").violation("idempotency_keys")
    other = tale()
    other.act("hold", key="saga-1:book", participant="air")
    other.act(MEAL, key="saga-1:book", participant="kitchen")
    assert "is shared by" in other.end("completed").violation("idempotency_keys")


def test_a_log_may_name_the_step_for_its_calls() -> None:
    whole = tale()
    for name in ("hold", SEAT, MEAL):
        whole.act(name)
    assert whole.end("completed", log=[["hold", "done"], ["book", "done"]]).held("log_agreement")
    half = tale()
    half.act("hold")
    half.act(SEAT)
    log = [["hold", "done"], ["book", "done"]]
    assert "says book done" in half.end("stuck", error="x", log=log).violation("log_agreement")
    forgotten = tale()
    for name in ("hold", SEAT, MEAL):
        forgotten.act(name)
    log = [["hold", "done"], [SEAT, "done"]]
    assert "book/meal was acknowledged" in forgotten.end("completed", log=log).violation("log_agreement")


def test_so_may_the_events_that_it_tells_of_its_life() -> None:
    def lived(*names: str) -> Tale:
        whole = tale()
        for name in ("hold", SEAT, MEAL):
            whole.act(name)
        steps = [{"event": "StepCompleted", "step": name} for name in names]
        return whole.end("completed", events=[{"event": "SagaStarted"}, *steps, {"event": "SagaCompleted"}])

    assert lived("hold", "book").held("lifecycle_events")
    assert lived("hold", SEAT, MEAL).held("lifecycle_events")
    assert "book/meal was acknowledged" in lived("hold", SEAT).violation("lifecycle_events")
    assert "comes before" in lived("book", "hold").violation("lifecycle_events")


# Steps that only read -------------------------------------------------------------------------


def test_completed_needs_an_answer_to_what_was_to_be_read() -> None:
    never = tale(reading(spec(HOLD)))
    never.act("hold")
    assert "step look was never asked" in never.end("completed").violation("truthful_outcome")
    vain = tale(reading(spec(HOLD)))
    vain.ask("stock", came=500)
    vain.act("hold")
    assert "asked 1 times, and never answered" in vain.end("completed").violation("truthful_outcome")
    good = tale(reading(spec(HOLD)))
    good.ask("stock", came=500)
    good.ask("stock")
    good.act("hold")
    assert good.end("completed").held("truthful_outcome")


def test_whoever_turns_back_needs_no_answer() -> None:
    back = tale(reading(spec(HOLD)))
    back.act("hold")
    back.ask("stock", came=500)
    back.undo("hold")
    assert back.end("compensated").held("truthful_outcome")


def test_after_the_pivot_a_read_that_failed_is_a_cause_of_stuck() -> None:
    after = tale(reading(spec(HOLD, PARCEL)))
    after.act("hold")
    after.act("parcel")
    after.ask("stock", came=Symptom.SILENCE, fault="lose_reply")
    assert after.end("stuck", error="x").held("termination")
    before = tale(reading(spec(HOLD, PARCEL)))
    before.act("hold")
    before.ask("stock", came=Symptom.SILENCE, fault="lose_reply")
    assert before.end("stuck", error="x").violation("termination")
    answered = tale(reading(spec(HOLD, PARCEL)))
    answered.act("hold")
    answered.act("parcel")
    answered.ask("stock")
    assert answered.end("stuck", error="x").violation("termination")
