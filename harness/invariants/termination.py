"""LIVE: a terminal outcome within a bound after the last fault has healed, and an honest one."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Answer
from harness.invariants.base import Finding, Invariant, InvariantViolated, always
from harness.saga import Direction, Status, StepKind
from harness.views import SagaView, View


class NotTerminated(InvariantViolated):
    """No terminal outcome, or a `stuck` without a cause."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    yield from _problems(view, saga)
    yield from _endless(saga)
    if saga.ended is not None and saga.ended.problem is None and saga.status is Status.RUNNING:
        yield Finding("the saga still answers running after everything has healed", view.evidence(saga.ended))
    if saga.ended is None:
        yield Finding("the saga never ended", ())
    # An attempt that could not be seen counts as possibly made, and refused.
    if saga.status is Status.STUCK and view.history.began.visible_attempts and not _has_cause(saga):
        assert saga.ended is not None
        yield Finding(
            "the saga ended stuck, and nothing that it saw called for a person", view.evidence(saga.ended)
        )


def _problems(view: View, saga: SagaView) -> Iterator[Finding]:
    for ended in saga.ends:
        if ended.problem is not None:
            yield Finding(ended.problem, view.evidence(ended))


def _endless(saga: SagaView) -> Iterator[Finding]:
    for call in saga.calls:
        if call.sent.endless and call.failed is not None and call.failed.broken_off:
            where = f"{call.sent.method} {call.sent.path}"
            yield Finding(
                f"{where} was sent without a time-out and waited until everything healed", (call.index,)
            )


def _has_cause(saga: SagaView) -> bool:
    """RULES §4: what calls for a person, in the saga's view."""
    return any(_undo_failed(saga, step.name) or _action_hopeless(saga, step.name) for step in saga.spec.steps)


def _undo_failed(saga: SagaView, step: str) -> bool:
    undos = [call for call in saga.undos(repeats=True) if step in call.sent.steps]
    # The last word counts: an undo by saga may have been acknowledged for the sake of another step.
    if undos and undos[-1].answer is not Answer.ACKNOWLEDGED:
        return True
    queries = saga.queries(step)
    return bool(queries) and queries[-1].answer is not Answer.ACKNOWLEDGED


def _action_hopeless(saga: SagaView, step: str) -> bool:
    sent = saga.attempts(step, Direction.ACTION)
    if not sent or saga.acknowledged(step, Direction.ACTION) is not None:
        return False
    kind = saga.spec.by_name[step].kind
    if saga.contradicted(step) or saga.no_way_back(step):
        return True
    if kind is StepKind.PIVOT:
        return bool(saga.doubts(step))
    return kind is StepKind.RETRIABLE


INVARIANT = Invariant(
    id="termination",
    says="The saga ends within a bound after everything has healed, and ends stuck only with a cause.",
    error=NotTerminated,
    finds=_finds,
    exercised=always,
)
