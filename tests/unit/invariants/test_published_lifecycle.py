"""lifecycle_events of what is published: judged as of its publication, each event once, whoever died."""

from __future__ import annotations

import pytest

from harness.history import MessagePublished
from harness.invariants import Judgement, Verdict, lifecycle_events
from harness.plan.decision import Symptom
from harness.process_faults import ProcessFault
from harness.saga import Step
from tests.unit.invariants.tale import Tale, spec, step

APART = (step("hold", after=()), step("charge", after=()))


def judged(tale: Tale) -> Judgement:
    return lifecycle_events.INVARIANT.judge(tale.view)


def tell(
    tale: Tale, type_: str, step: str = "", *, end: str | None = None, id_: str = "", by: int | None = None
) -> Tale:
    """A publish of its own that the bus took. by: the call that published it; 0: the harness did."""
    call = tale._call((), None, 201, participant="events") if by is None else by
    tale.events.append(
        MessagePublished(
            t_s=tale.now_s,
            call=call,
            message=call,
            id=id_ or f"{type_}/{step}",
            type=type_,
            saga_id="saga-1",
            end=end,
            **({"step": step} if step else {}),
        )
    )
    return tale


def done(*, missing: str = "") -> Tale:
    """Both steps are done and told, and the saga has ended."""
    tale = tell(Tale(), "SagaStarted")
    for name in ("hold", "charge"):
        tale.act(name)
        if name != missing:
            tell(tale, "SagaStepCompleted", name)
    return tell(tale, "SagaCompleted")


def turned_back() -> Tale:
    """The first step is done, the second one is refused."""
    tale = tell(Tale(), "SagaStarted")
    tale.act("hold")
    tell(tale, "SagaStepCompleted", "hold")
    tale.act("charge", 409)
    return tale


def test_held_where_all_is_told_in_time() -> None:
    assert judged(done().end("completed")).verdict is Verdict.HELD
    tale = turned_back()
    tale.undo("hold")
    assert judged(tell(tale, "SagaFailed").end("compensated")).verdict is Verdict.HELD


@pytest.mark.parametrize(
    "name", ["StepCompleted", "STEP_COMPLETED", "saga.step.completed", "org.shop.SagaStepCompleted"]
)
def test_names_are_read_in_each_style(name: str) -> None:
    tale = tell(Tale(), name, "hold")
    assert judged(tale.end("stuck")).message.startswith(f"the event {name} of hold is not true")


def test_a_step_that_is_told_too_early_is_found_where_it_was_told() -> None:
    tale = tell(tell(Tale(), "SagaStarted"), "SagaStepCompleted", "hold")
    where = len(tale.events) - 1
    tale.act("hold")
    tale.act("charge")
    found = judged(tell(tell(tale, "StepCompleted", "charge"), "SagaCompleted").end("completed"))
    assert (
        found.message == "the event SagaStepCompleted of hold was not true yet: nobody had acknowledged that"
    )
    assert found.evidence == (where,)


def test_so_is_an_end_while_a_step_is_still_to_be_done() -> None:
    tale = tell(Tale(), "SagaStarted")
    tale.act("hold")
    tell(tale, "SagaCompleted").act("charge")
    said = "the event SagaCompleted was not true yet: nobody had acknowledged step charge"
    assert judged(tale.end("completed")).message == said


def test_an_optional_step_may_be_missing_at_the_end() -> None:
    tale = tell(Tale(spec(step("hold"), step("charge", optional=True))), "SagaStarted")
    tale.act("hold")
    tell(tell(tale, "SagaStepCompleted", "hold"), "SagaCompleted")
    assert judged(tale.end("completed")).verdict is Verdict.HELD


def test_an_undo_after_it_was_told_that_the_saga_failed() -> None:
    tale = tell(turned_back(), "SagaFailed")
    tale.undo("hold")
    said = "the undo of step hold was sent after the event SagaFailed"
    assert judged(tale.end("compensated")).message == said


def test_an_undo_that_was_needless_or_done_before_may_come_again_after_it() -> None:
    tale = turned_back()
    tale.undo("hold")
    tell(tale, "SagaFailed")
    tale.undo("hold")
    tale.undo("charge")
    assert judged(tale.end("compensated")).verdict is Verdict.HELD


def test_an_undo_that_was_given_up_before_may_be_tried_again_after_it() -> None:
    tale = turned_back()
    tale.undo("hold", came=500)
    tell(tale, "SagaFailed")
    tale.undo("hold", came=500)
    assert judged(tale.end("stuck")).verdict is Verdict.HELD


def test_a_second_event_is_told_twice_and_the_same_one_is_not() -> None:
    tale = tell(done(), "SagaCompleted")
    assert judged(tale.end("completed")).verdict is Verdict.HELD
    again = tell(done(), "SagaCompleted", id_="another")
    assert judged(again.end("completed")).message == "the event SagaCompleted is told twice"


def test_that_a_process_was_struck_excuses_nothing() -> None:
    tale = done(missing="charge")
    tale.strike(1, ProcessFault.CRASH)
    said = "step charge was acknowledged, and no event tells that"
    assert judged(tale.end("completed")).message == said


def test_the_end_that_was_published_is_the_one_that_has_to_be_told() -> None:
    tale = turned_back()
    tale.undo("hold")
    tell(tale, "OrderCancelled", end="compensated")
    silent = judged(tale.end("compensated"))
    assert silent.message == "the saga ended with compensated, and no event says that it ended"
    assert judged(tell(tale, "SagaFailed")).verdict is Verdict.HELD
    assert judged(tell(tale, "SagaCompleted")).message.startswith("the event SagaCompleted is not true")


def test_a_dead_letter_after_a_true_end_makes_it_no_lie() -> None:
    tale = tell(done(), "OrderConfirmed", end="completed")
    assert judged(tale.end("stuck")).verdict is Verdict.HELD


def test_of_a_dead_letter_nobody_need_tell() -> None:
    assert judged(turned_back().end("stuck")).verdict is Verdict.HELD
    early = tell(turned_back(), "SagaCompleted").end("stuck")
    assert judged(early).message.endswith("nobody had acknowledged step charge")


def test_one_that_never_ended_is_not_held_to_an_end() -> None:
    assert judged(done().end(problem="no end")).verdict is Verdict.HELD


def test_who_publishes_its_end_alone_tells_nothing() -> None:
    tale = tell(tell(Tale(), "SagaStarted", by=0), "SagaCompleted", end="completed")
    assert judged(tale.end("completed")).verdict is Verdict.NOT_EXERCISED


@pytest.mark.parametrize("apart", [True, False])
def test_a_branch_does_not_know_that_another_one_turned_back(*, apart: bool) -> None:
    steps: tuple[Step, ...] = APART if apart else ()
    tale = tell(tell(Tale(spec(*steps)), "SagaStarted"), "CompensationStarted")
    tale.act("hold")
    tell(tale, "StepCompleted", "hold")
    tale.undo("hold")
    tell(tale, "SagaFailed")
    found = judged(tale.end("compensated"))
    assert found.message == (
        "" if apart else "the event StepCompleted of hold comes after CompensationStarted"
    )


def test_an_event_that_is_a_step_is_known_to_whoever_gets_it() -> None:
    """The bus had it, and the acknowledgement to its publisher was lost."""
    tale = tell(Tale(), "SagaStarted")
    call = tale.act("hold", Symptom.SILENCE)
    tell(tale, "StockHeld", by=call)
    tell(tale, "SagaStepCompleted", "hold")
    tale.act("charge")
    tell(tell(tale, "SagaStepCompleted", "charge"), "SagaCompleted")
    assert judged(tale.end("completed")).verdict is Verdict.HELD
