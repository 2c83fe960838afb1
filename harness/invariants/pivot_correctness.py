"""PIV: before the pivot only backward, after it only forward, and never both."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Call, MessagePublished
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction, StepKind
from harness.views import SagaView, View


class PivotViolated(InvariantViolated):
    """Something was undone after the pivot, or done forward before it was decided or after an undo."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    yield from _undone_after_pivot(view, saga)
    yield from _retriable_before_pivot(saga)
    yield from _forward_after_undo(view, saga)


def _undone_after_pivot(view: View, saga: SagaView) -> Iterator[Finding]:
    pivot = saga.spec.pivot
    if pivot is None:
        return
    effects = [held.whole for held in view.ledger.of(saga.saga_id, pivot.name) if held.whole is not None]
    for call in saga.undos():
        if effects and call.index > effects[0]:
            steps = ", ".join(call.sent.steps) or "?"
            yield Finding(
                f"step {steps} was undone after the pivot {pivot.name} took effect", (effects[0], call.index)
            )


def _retriable_before_pivot(saga: SagaView) -> Iterator[Finding]:
    pivot = saga.spec.pivot
    if pivot is None:
        return
    for step in saga.spec.steps:
        for call in saga.attempts(step.name, Direction.ACTION) if step.kind is StepKind.RETRIABLE else ():
            if not _decided(saga, pivot.name, call.index):
                yield Finding(
                    f"retriable step {step.name} was sent before the pivot was decided", (call.index,)
                )


def _decided(saga: SagaView, pivot: str, before: int) -> bool:
    return saga.taken_as_done(pivot, Direction.ACTION, before) or saga.shown(pivot, before)


def _forward_after_undo(view: View, saga: SagaView) -> Iterator[Finding]:
    undos = saga.undos()
    if not undos:
        return
    choreographed = bool(view.history.of(MessagePublished))
    for call in saga.calls:
        forward = call.sent.direction is Direction.ACTION and call.index > undos[0].index
        sent = [undo for undo in undos if undo.index < call.index]
        if forward and not (_elsewhere(saga, call, sent, unknown=choreographed) or _told_before(view, call)):
            step = call.sent.steps[0] if call.sent.steps else "?"
            yield Finding(f"step {step} was sent after an undo had been sent", (undos[0].index, call.index))


def _elsewhere(saga: SagaView, call: Call, undos: list[Call], *, unknown: bool) -> bool:
    """A retry in a branch that had begun before the first undo and that no undo has reached.

    unknown: nobody conducts the saga, so that no branch knows what has happened in another one.
    """
    undone = {step for undo in undos for step in undo.sent.steps}
    for step in call.sent.steps:
        begun = saga.attempts(step, Direction.ACTION, undos[0].index)
        if not (begun or unknown) or any(_related(saga, step, other) for other in undone):
            return False
    return bool(call.sent.steps)


def _told_before(view: View, call: Call) -> bool:
    """A publish, once more, of an event that the bus had: whoever publishes it may not know that."""
    published = view.history.of(MessagePublished)
    had = {one.call: one.identity for index, one in published if index < call.index}
    before = {
        had[one.sent.call]
        for one in view.history.calls
        if one.sent.call in had and (one.saga_id, one.sent.operation) == (call.saga_id, call.sent.operation)
    }
    now = {one.identity for _, one in published if one.call == call.sent.call}
    return bool(before) and now <= before


def _related(saga: SagaView, step: str, other: str) -> bool:
    ancestors = saga.spec.ancestors
    return step == other or step in ancestors[other] or other in ancestors[step]


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    pivot = saga.spec.pivot
    return bool(saga.undos()) or (pivot is not None and bool(saga.attempts(pivot.name, Direction.ACTION)))


INVARIANT = Invariant(
    id="pivot_correctness",
    says="After the pivot nothing is undone, before it nothing retriable is sent, after an undo no action.",
    error=PivotViolated,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
