"""What a saga saw that needs a person (RULES §4): the causes that justify `stuck`.

Owns which failure a fault or an answer brought about, and which the saga brought about itself,
by leaving too early. Refuses to say whether `stuck` is right: *termination* does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from harness.faults import KINDS
from harness.history import Answer, Call, History, MessageDead
from harness.history.events import FaultFired, ParticipantAway
from harness.plan.decision import Symptom
from harness.saga import Direction, Step, StepKind
from harness.views import SagaView


def calls_for_a_person(saga: SagaView, history: History, at: int) -> bool:
    """Whether, before the event of that index, the saga saw a cause that was still open then."""
    if _dead_by_faults(saga, history, at) or any(
        _unread_after_the_pivot(saga, step.reads, at) for step in saga.spec.reads
    ):
        return True
    away = () if history.began.visible_attempts else _away(history, at)
    return any(
        _undo_failed(saga, step, at) or _hopeless(saga, step, at) or _out_of_reach(saga, step, away, at)
        for step in saga.spec.steps
    )


def _dead_by_faults(saga: SagaView, history: History, at: int) -> bool:
    """A message of the saga is a dead letter, and its handler is not to blame."""
    letters = (dead for index, dead in history.of(MessageDead) if index < at)
    return any(dead.saga_id == saga.saga_id and blameless(saga, dead) for dead in letters)


def blameless(saga: SagaView, dead: MessageDead) -> bool:
    """Whether the handlers are not to blame for the last delivery of a message.

    That failed by a fault, or was refused by a handler to which something failed that it may not
    leave at that: a publish, an undo, a query, a pivot or a retriable step. What a handler made of those
    before it, while the message was still to come again, was its own choice: it may refuse a few times
    because a step failed, before it gives the step up.
    """
    return dead.last_struck or _excused(saga, dead)


def _excused(saga: SagaView, dead: MessageDead) -> bool:
    """Whether the last delivery of a message was refused because something had failed meanwhile."""
    last = next((call for call in saga.calls if call.sent.call == dead.call), None)
    if last is None or last.answered is None:
        return False
    return any(_excuses(saga, one, last) for one in saga.calls)


def _excuses(saga: SagaView, call: Call, delivery: Call) -> bool:
    """Whether a call failed while a delivery was being handled, and its handler could not do without it."""
    assert delivery.end is not None
    if not (delivery.index < call.index < delivery.end and _failed(call, delivery.end)):
        return False
    if call.sent.participant == delivery.sent.participant:
        # The bus: a publish, be it an event that stands for a step, or a delivery to somebody else.
        return call.sent.method != delivery.sent.method
    compensable = any(saga.spec.by_name[one].kind is StepKind.COMPENSABLE for one in call.sent.steps)
    return not (compensable and call.sent.direction is Direction.ACTION)


def _undo_failed(saga: SagaView, step: Step, at: int) -> bool:
    """An undo, or the query before it, was refused or out of attempts, and the step is not undone."""
    if not _may_be_undone(saga, step, at):
        return False
    undos = [call for call in saga.undos(repeats=True) if step.name in call.sent.steps and call.index < at]
    if any(_failed(call, at) for call in undos):
        return True
    begun = saga.attempts(step.name, Direction.ACTION, at)
    asked = [call for call in saga.queries(step.name, at) if begun and call.index > begun[0].index]
    return bool(asked) and not _answered(asked[-1], at) and any(_failed(call, at) for call in asked)


def _unread_after_the_pivot(saga: SagaView, query: str, at: int) -> bool:
    """There is no way back any more, and what has to be known before going on was not to be had."""
    pivot, asked = saga.spec.pivot, saga.asked(query, at)
    decided = pivot is not None and _decided(saga, pivot, at)
    return (
        decided
        and not any(_answered(call, at) for call in asked)
        and any(_failed(call, at) for call in asked)
    )


def _may_be_undone(saga: SagaView, step: Step, at: int) -> bool:
    """Whether it has an undo, and none was acknowledged."""
    undos = [call for call in saga.undos(repeats=True) if step.name in call.sent.steps and call.index < at]
    # An undo by saga that covers several may have been acknowledged for the sake of another step.
    own = [call for call in undos if call.sent.steps == (step.name,) or call is undos[-1]]
    return (step.compensation is not None or bool(undos)) and not any(_answered(call, at) for call in own)


def _hopeless(saga: SagaView, step: Step, at: int) -> bool:
    """In doubt or contradicted with nothing left to do about it, or retried in vain."""
    if _decided(saga, step, at) or _was_undone(saga, step, at):
        return False
    if saga.contradicted(step.name, at):
        return True
    perhaps = saga.perhaps_begun(step.name, at)
    in_doubt = perhaps or any(_failed(call, at) for call in saga.doubts(step.name, at))
    if in_doubt and saga.no_way_back(step.name, at):
        return True
    if step.kind is StepKind.PIVOT:
        return in_doubt
    tried = saga.attempts(step.name, Direction.ACTION, at)
    return step.kind is StepKind.RETRIABLE and any(_failed(call, at) for call in tried)


def _out_of_reach(saga: SagaView, step: Step, away: Collection[str], at: int) -> bool:
    """Its participant was away, so that an attempt which nobody could see may have found nobody."""
    if step.action.partition(".")[0] not in away or _was_undone(saga, step, at):
        return False
    if step.kind is StepKind.RETRIABLE:
        return not _decided(saga, step, at)
    return step.kind is StepKind.COMPENSABLE and step.compensation is not None


def _away(history: History, at: int) -> tuple[str, ...]:
    """Participants that were taken away before an event, ahead of any call or with one."""
    fired = [event for event in history.events[:at] if isinstance(event, FaultFired)]
    whole = {event.call for event in fired if event.kind in KINDS and KINDS[event.kind].whole_participant}
    struck = [call.sent.participant for call in history.calls if call.sent.call in whole]
    ahead = (event.participant for event in history.events[:at] if isinstance(event, ParticipantAway))
    return (*ahead, *struck)


def _decided(saga: SagaView, step: Step, at: int) -> bool:
    """Known to be applied."""
    return saga.acknowledged(step.name, Direction.ACTION, at) is not None or saga.shown(step.name, at)


def _was_undone(saga: SagaView, step: Step, at: int) -> bool:
    return saga.acknowledged(step.name, Direction.COMPENSATION, at) is not None


def _answered(call: Call, at: int) -> bool:
    return _over(call, at) and call.struck is None and call.answer is Answer.ACKNOWLEDGED


def _failed(call: Call, at: int) -> bool:
    """Whether a fault or an answer made it fail, and not the saga itself, by leaving too early."""
    if call.struck is not None or _struck(call.faults):
        return not _answered(call, at)
    if not _over(call, at) or call.answer is Answer.ACKNOWLEDGED:
        return False
    return call.failed is None or not (call.failed.abandoned or call.failed.symptom is Symptom.SILENCE)


def _struck(faults: Iterable[FaultFired]) -> bool:
    """Whether any struck this very call, and did not merely begin after it."""
    return any(fault.participant is None for fault in faults)


def _over(call: Call, at: int) -> bool:
    return call.end is not None and call.end < at
