"""The situations that calls bring about, whatever happens to the process."""

from __future__ import annotations

from harness.history import Answer, Call
from harness.participant import Change
from harness.plan.decision import Symptom
from harness.saga import Direction, Status, StepKind
from harness.situations.base import Situation
from harness.situations.needs import (
    goes_on_after_pivot,
    loses_pivot,
    loses_replies,
    may_complete,
    may_undo,
    never,
)
from harness.views import SagaView, View


def _completed(view: View, saga: SagaView) -> bool:
    del view
    return saga.status is Status.COMPLETED


def _stuck(view: View, saga: SagaView) -> bool:
    del view
    return saga.status is Status.STUCK


def _compensation(view: View, saga: SagaView) -> bool:
    """Something was there to be undone, is undone, and the saga says that all is.

    By an undo that no fault struck: a request delivered twice can hide that the saga's own undo fails.
    """
    del view
    sent = [call for call in saga.calls if call.sent.direction is Direction.COMPENSATION]
    undos = [call for call in sent if not call.faults]
    undone = [effect for call in undos for _, effect in call.effects if effect.change is Change.REMOVED]
    return saga.status is Status.COMPENSATED and bool(undone)


def _effect_without_reply(view: View, saga: SagaView) -> bool:
    del view
    forward = [call for call in saga.calls if call.sent.direction is Direction.ACTION]
    return any(call.effects and call.answer is not Answer.ACKNOWLEDGED for call in forward)


def _retry(view: View, saga: SagaView) -> bool:
    del view
    return any(len(saga.attempts(step.name, Direction.ACTION)) > 1 for step in saga.spec.steps)


def _failed_compensation(view: View, saga: SagaView) -> bool:
    del view
    return any(_fails(call) for call in saga.undos())


def _fails(call: Call) -> bool:
    """By a fault, or by what the participant answered; not because the saga left too early."""
    if call.answer in (Answer.ACKNOWLEDGED, Answer.ACCEPTED):
        return False
    return call.answered is not None or any(fault.participant is None for fault in call.faults)


def _duplicate_compensation(view: View, saga: SagaView) -> bool:
    del view
    return any(len(call.deliveries) > 1 for call in saga.undos())


def _late_after_undo(view: View, saga: SagaView) -> bool:
    del view
    for step in saga.spec.steps:
        undone = saga.acknowledged(step.name, Direction.COMPENSATION)
        late = undone is not None and undone.end is not None
        if late and any(_landed_after(call, undone) for call in saga.attempts(step.name, Direction.ACTION)):
            return True
    return False


def _landed_after(call: Call, undone: Call | None) -> bool:
    end = undone.end if undone is not None else None
    return end is not None and any(index > end for index in call.deliveries)


def _in_doubt_pivot(view: View, saga: SagaView) -> bool:
    del view
    return saga.spec.pivot is not None and bool(saga.doubts(saga.spec.pivot.name))


def _failure_after_pivot(view: View, saga: SagaView) -> bool:
    del view
    later = [step.name for step in saga.spec.steps if step.kind is StepKind.RETRIABLE]
    sent = [call for name in later for call in saga.attempts(name, Direction.ACTION)]
    return any(call.faults and call.answer is not Answer.ACKNOWLEDGED for call in sent)


def _refused_connection(view: View, saga: SagaView) -> bool:
    del view
    return any(call.failed is not None and call.failed.symptom is Symptom.REFUSED for call in saga.calls)


CALLS = (
    Situation(
        id="completed",
        says="the saga completed",
        reach="run it without faults",
        seen=_completed,
        required=may_complete,
    ),
    Situation(
        id="compensation",
        says="the saga ended compensated, with something undone",
        reach="reject the last step that can fail, lose every reply of one, or search deeper (--depth 2)",
        seen=_compensation,
        required=may_undo,
    ),
    Situation(
        id="effect_without_reply",
        says="an action took effect, and the saga did not get to know",
        reach="lose a reply (claims must hold lost_reply)",
        seen=_effect_without_reply,
        required=loses_replies,
    ),
    Situation(
        id="in_doubt_pivot",
        says="the pivot was sent, and the saga did not know whether it took effect",
        reach="lose the reply to the pivot (claims must hold lost_reply)",
        seen=_in_doubt_pivot,
        required=loses_pivot,
    ),
    Situation(
        id="failure_after_pivot",
        says="a retriable step failed after the pivot",
        reach="fail a step after the pivot",
        seen=_failure_after_pivot,
        required=goes_on_after_pivot,
    ),
    Situation(
        id="retry",
        says="an action was sent again",
        reach="fail an action once",
        seen=_retry,
        required=never,
    ),
    Situation(
        id="refused_connection",
        says="nobody listened",
        reach="refuse a call, or take a participant away (outage)",
        seen=_refused_connection,
        required=never,
    ),
    Situation(
        id="failed_compensation",
        says="an undo failed",
        reach="turn the saga back, and fail an undo on the way (--depth 1 does, given the time)",
        seen=_failed_compensation,
        required=may_undo,
    ),
    Situation(
        id="duplicate_compensation",
        says="an undo was delivered twice",
        reach="search two faults deep (--depth 2): one to abort, a duplicate of the undo",
        seen=_duplicate_compensation,
        required=never,
    ),
    Situation(
        id="late_after_undo",
        says="an action landed after its undo was acknowledged",
        reach="hold an action past its undo (late, for ever)",
        seen=_late_after_undo,
        required=never,
    ),
    Situation(
        id="stuck",
        says="the saga ended stuck",
        reach="make an undo fail for ever",
        seen=_stuck,
        required=never,
    ),
)
