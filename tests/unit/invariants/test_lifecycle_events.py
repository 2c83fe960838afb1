"""lifecycle_events: complete, in order, true to the calls; a struck process may have lost what it knew."""

from __future__ import annotations

import pytest

from harness.invariants import Judgement, Verdict, lifecycle_events
from harness.plan.decision import Symptom
from harness.process_faults import ProcessFault
from harness.saga import Json
from tests.unit.invariants.tale import CHARGE, HOLD, Tale, spec

STARTED, COMPLETED, FAILED = {"event": "SagaStarted"}, {"event": "SagaCompleted"}, {"event": "SagaFailed"}
BACK = {"event": "CompensationStarted"}


def of(step: str, event: str = "StepCompleted") -> Json:
    return {"event": event, "step": step}


def begun(step: str) -> Json:
    return of(step, "StepStarted")


def undone(step: str) -> Json:
    return of(step, "CompensationCompleted")


WHOLE: list[Json] = [STARTED, begun("hold"), of("hold"), begun("charge"), of("charge"), COMPLETED]
TURNED: list[Json] = [STARTED, of("hold"), BACK, undone("hold"), FAILED]


def judged(tale: Tale) -> Judgement:
    return lifecycle_events.INVARIANT.judge(tale.view)


def message(tale: Tale) -> str:
    found = judged(tale)
    assert found.verdict is Verdict.VIOLATED
    return found.message


def both_done() -> Tale:
    tale = Tale()
    tale.act("hold")
    tale.act("charge")
    return tale


def turned_back() -> Tale:
    tale = Tale()
    tale.act("hold")
    tale.act("charge", 409)
    tale.undo("hold")
    return tale


def test_held_where_all_is_told_in_order() -> None:
    assert judged(both_done().end("completed", events=WHOLE)).verdict is Verdict.HELD
    assert judged(turned_back().end("compensated", events=TURNED)).verdict is Verdict.HELD


def test_names_are_read_in_each_style() -> None:
    documented: list[Json] = [
        STARTED,
        of("hold", "SagaStepCompleted"),
        of("charge", "SagaStepCompleted"),
        COMPLETED,
    ]
    assert judged(both_done().end("completed", events=documented)).verdict is Verdict.HELD
    shouted: list[Json] = [
        {"type": "SAGA_STARTED"},
        of("hold", "STEP_COMPLETED"),
        of("charge"),
        {"type": "SAGA_COMPLETED"},
    ]
    assert judged(both_done().end("completed", events=shouted)).verdict is Verdict.HELD


def test_other_events_and_unknown_steps_are_ignored() -> None:
    others: list[Json] = [
        {"event": "Mailed"},
        of("mail"),
        "SagaStarted",
        {"event": 7},
        {"event": "StepCompleted"},
    ]
    assert judged(both_done().end("completed", events=[*others, *WHOLE])).verdict is Verdict.HELD
    assert judged(both_done().end("completed", events=others)).verdict is Verdict.NOT_EXERCISED


@pytest.mark.parametrize("events", [[], "SagaStarted", None, [7]])
def test_not_exercised_without_events(events: Json) -> None:
    assert judged(both_done().end("completed", events=events)).verdict is Verdict.NOT_EXERCISED


def test_nor_without_an_end_or_a_detail() -> None:
    assert judged(both_done()).verdict is Verdict.NOT_EXERCISED
    assert judged(both_done().end("completed")).verdict is Verdict.NOT_EXERCISED


def test_violated_by_a_step_that_nobody_acknowledged() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge", Symptom.SILENCE, applied=True)
    said = message(tale.end("completed", events=WHOLE))
    assert said == "the event StepCompleted of charge is not true: nobody acknowledged that"


def test_violated_by_an_undo_that_nobody_acknowledged() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=500)
    said = message(tale.end("stuck", events=TURNED))
    assert said == "the event CompensationCompleted of hold is not true: nobody acknowledged that"


def test_violated_by_an_end_that_is_not_the_answer() -> None:
    assert message(turned_back().end("compensated", events=[STARTED, COMPLETED])) == (
        "the event SagaCompleted is not true: the saga answered compensated"
    )
    assert message(both_done().end("running", events=WHOLE)) == (
        "the event SagaCompleted is not true: the saga answered running"
    )
    assert message(both_done().end("completed", events=WHOLE[:-1])) == (
        "the saga answered completed, and no event says that it ended"
    )
    assert message(turned_back().end("compensated", events=TURNED[:-1])) == (
        "the saga answered compensated, and no event says that it ended"
    )


def test_one_that_has_not_ended_need_not_say_so() -> None:
    assert judged(both_done().end("running", events=WHOLE[:-1])).verdict is Verdict.HELD
    assert judged(both_done().end(problem="raised", events=WHOLE)).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (WHOLE[1:], "the event StepStarted of hold comes before the one that the saga started"),
        ([*WHOLE[:3], *WHOLE[2:]], "the event StepCompleted of hold is told twice"),
        ([STARTED, STARTED, *WHOLE[1:]], "the event SagaStarted is told twice"),
        ([STARTED, COMPLETED, of("hold"), of("charge")],
         "the event StepCompleted of hold comes after SagaCompleted"),
        ([STARTED, of("hold"), begun("hold"), of("charge"), COMPLETED],
         "the event StepCompleted of hold comes before StepStarted of hold"),
        ([STARTED, of("charge"), of("hold"), COMPLETED],
         "the event StepCompleted of charge comes before StepCompleted of hold"),
        ([STARTED, BACK, of("hold"), of("charge"), COMPLETED],
         "the event StepCompleted of hold comes after CompensationStarted"),
    ],
)  # fmt: skip
def test_violated_by_what_is_out_of_order(events: list[Json], said: str) -> None:
    assert message(both_done().end("completed", events=events)) == said


def test_violated_by_an_undo_before_the_saga_turned_back() -> None:
    events: list[Json] = [STARTED, of("hold"), undone("hold"), BACK, FAILED]
    assert message(turned_back().end("compensated", events=events)) == (
        "the event CompensationCompleted of hold comes before CompensationStarted"
    )


def test_violated_by_a_step_that_is_left_out() -> None:
    events: list[Json] = [STARTED, of("hold"), COMPLETED]
    said = "step charge was acknowledged, and no event tells that"
    assert message(both_done().end("completed", events=events)) == said
    tale = both_done()
    tale.undo("charge")
    tale.undo("hold")
    events = [STARTED, of("hold"), of("charge"), BACK, undone("charge"), FAILED]
    assert (
        message(tale.end("compensated", events=events))
        == "step hold was acknowledged, and no event tells that"
    )


def test_who_tells_of_no_step_need_not_tell_of_any() -> None:
    assert judged(both_done().end("completed", events=[STARTED, COMPLETED])).verdict is Verdict.HELD
    assert judged(turned_back().end("compensated", events=[STARTED, FAILED])).verdict is Verdict.HELD


def test_one_that_is_stuck_may_leave_out_what_it_likes() -> None:
    tale = both_done()
    tale.undo("charge", came=500)
    tale.undo("hold")
    assert judged(tale.end("stuck", events=[STARTED, of("hold"), BACK, FAILED])).verdict is Verdict.HELD


def test_what_has_no_order_may_be_told_in_any() -> None:
    free = spec(
        HOLD, type(CHARGE)(name="charge", action=CHARGE.action, compensation=CHARGE.compensation, after=())
    )
    tale = Tale(free)
    tale.act("charge")
    tale.act("hold")
    events: list[Json] = [STARTED, of("charge"), of("hold"), COMPLETED]
    assert judged(tale.end("completed", events=events)).verdict is Verdict.HELD


def test_a_struck_process_may_have_lost_events_and_may_tell_some_again() -> None:
    lost: list[Json] = [of("charge"), of("charge"), COMPLETED]
    tale = both_done()
    tale.strike(2, ProcessFault.CRASH)
    assert judged(tale.end("completed", events=lost)).verdict is Verdict.HELD
    assert judged(both_done().end("completed", events=lost)).verdict is Verdict.VIOLATED


def test_and_yet_what_it_tells_must_be_true() -> None:
    tale = turned_back()
    tale.strike(2, ProcessFault.CRASH)
    assert message(tale.end("compensated", events=[COMPLETED])).startswith(
        "the event SagaCompleted is not true"
    )


def test_so_may_one_that_follows_another() -> None:
    tale = both_done().end("running")
    assert judged(tale.end("completed", events=[of("hold"), COMPLETED])).verdict is Verdict.HELD
