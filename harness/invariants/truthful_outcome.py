"""TRUE: the reported outcome matches what the participants hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.history import Answer, ExecutorEnded, MessagePublished
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Json, Status, Step
from harness.views import SagaView, View


class OutcomeUntruthful(InvariantViolated):
    """The reported outcome does not match what the participants hold."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    for ended in saga.ends:
        yield from _untrue(view, saga, ended)
    yield from _ends(saga)
    if saga.ended is not None and _error_lost(saga.ended):
        yield Finding(
            f"the saga ended with {saga.status} and its `error` is empty: the first cause is lost",
            view.evidence(saga.ended),
        )


def _ends(saga: SagaView) -> Iterator[Finding]:
    """A choreographed saga publishes one end, once; an event with the same id is the same one."""
    ends = [(index, one) for index, one in saga.published if one.end is not None]
    if len(ends) > 1:
        (at, one), (again_at, again) = ends[:2]
        yield Finding(f"the saga published its end {one.type}, and then {_again(one, again)}", (at, again_at))


def _again(one: MessagePublished, again: MessagePublished) -> str:
    """How the second end differs from the first one."""
    if one.type != again.type:
        with_id = " with the same id" if one.id == again.id else ""
        return f"another end, {again.type}{with_id}"
    if one.id == again.id:
        return f"the same end, as another event: its source was {one.source!r}, and then {again.source!r}"
    return "the same end, as another event"


def _untrue(view: View, saga: SagaView, ended: ExecutorEnded) -> Iterator[Finding]:
    """Each executor's outcome is judged: where two end, each of their callers relies on its own answer."""
    at, word = view.evidence(ended), saga.word(ended)
    says = "was cancelled, so it owes" if ended.cancelled else "says"
    if word is Status.COMPLETED:
        yield from _unread(saga, says, at)
        for step in saga.spec.steps:
            applied = view.ledger.applied(saga.saga_id, step.name, ended.t_s)
            if not applied and _owed(view, saga, step, ended.t_s):
                why, evidence = _missing(view, saga, step, ended.t_s)
                message = f"the saga {says} completed, and step {step.name} is not applied{why}"
                yield Finding(message, (*evidence, *at))
    if word is Status.COMPENSATED:
        for held in view.ledger.left(saga.saga_id):
            message = f"the saga {says} compensated, and {held.is_left}"
            yield Finding(message + (f"; {held.says}" if held.says else ""), (*held.evidence, *at))


def _missing(view: View, saga: SagaView, step: Step, at_s: float) -> tuple[str, tuple[int, ...]]:
    """Why a step that was applied is not, as far as that is known, and the evidence."""
    lapsed = view.ledger.lapsed(saga.saga_id, step.name)
    if lapsed is not None:
        index, event = lapsed
        why = "before the saga ended" if event.due_s <= at_s else "and nothing had confirmed it"
        return f": its time was up, {why}", (index,)
    lost = view.ledger.contradicted(saga.saga_id, step.name)
    return ("", ()) if lost is None else (f"; {lost.says}", lost.evidence)


def _owed(view: View, saga: SagaView, step: Step, at_s: float) -> bool:
    """An optional step of several calls is applied as a whole, or not at all."""
    if not step.optional:
        return True
    calls = saga.spec.calls_of[step.whole]
    return len(calls) > 1 and any(view.ledger.applied(saga.saga_id, one, at_s) for one in calls)


def _unread(saga: SagaView, says: str, at: tuple[int, ...]) -> Iterator[Finding]:
    for step in saga.spec.reads:
        asked = saga.asked(step.reads)
        if not any(call.answer is Answer.ACKNOWLEDGED for call in asked):
            tried = f"asked {len(asked)} times, and never answered" if asked else "never asked"
            evidence = (*(call.index for call in asked[-1:]), *at)
            yield Finding(f"the saga {says} completed, and step {step.name} was {tried}", evidence)


def _error_lost(ended: ExecutorEnded) -> bool:
    if ended.status not in (Status.COMPENSATED, Status.STUCK):
        return False
    detail = ended.detail
    return isinstance(detail, Mapping) and "error" in detail and _empty(detail["error"])


def _empty(error: Json) -> bool:
    return not (error.strip() if isinstance(error, str) else error)


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return saga.status in (Status.COMPLETED, Status.COMPENSATED)


INVARIANT = Invariant(
    id="truthful_outcome",
    says="What the saga reports is what the participants hold.",
    error=OutcomeUntruthful,
    finds=_finds,
    exercised=_exercised,
)
