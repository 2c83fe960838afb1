"""What backs a saga's own word that a step is done or undone: for those who judge its log and events."""

from __future__ import annotations

from harness.history import Call
from harness.saga import Direction
from harness.views import SagaView
from harness.views.saga import END


def backed(saga: SagaView, step: str, direction: Direction, before: int = END) -> bool:
    """Acknowledged, or shown by a query; what has no undo is undone by doing nothing.

    Of a step that events stand for it is enough that the bus had the event: whoever got it knows.
    """
    if direction is Direction.COMPENSATION and saga.spec.by_name[step].compensation is None:
        return True
    if saga.taken_as_done(step, direction, before) or _on_the_bus(saga, step, direction, before):
        return True
    return saga.shown(step, before) if direction is Direction.ACTION else saga.denied(step, before)


def _on_the_bus(saga: SagaView, step: str, direction: Direction, before: int) -> bool:
    publishes = {call.sent.call for call in saga.attempts(step, direction, before)}
    return any(index < before and one.call in publishes for index, one in saga.published)


def must_be_told(saga: SagaView, step: str, direction: Direction) -> Call | None:
    """The acknowledgement that the saga's own word must not leave out; None where there is none."""
    call = saga.acknowledged(step, direction)
    if call is None or (direction is Direction.COMPENSATION and _covered_by_the_way(saga, call, step)):
        return None
    return call


def _covered_by_the_way(saga: SagaView, call: Call, step: str) -> bool:
    """Whether an undo by saga covered a step that the saga need not have meant."""
    if not saga.attempts(step, Direction.ACTION):
        return True
    return len(call.sent.steps) > 1 and saga.needless(step, call.index)
