"""A saga's own events (`detail.events`, or published on a bus): complete, in order, and true to the calls.

What a process that was struck had not yet told in its answer is lost, and what it had told may be told again:
then only whether the events are true is judged, not whether they are complete and in order. What was
published is there, whoever died: it is judged in full, as of the moment at which it was published, and the
same event (source, id and type) counts once. Refuses to say which events these are (`told`).
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.invariants.backing import backed, must_be_told
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.invariants.told import END_EVENTS, Life, Told, ToldEvent, lives
from harness.saga import Direction, Status
from harness.views import SagaView, View

_FORWARD = (Told.STEP_STARTED, Told.STEP_COMPLETED)
_FOLLOWS = (Told.STEP_UNDONE, Told.STEP_COMPLETED)
_TRUE_IF = {Told.STEP_COMPLETED: Direction.ACTION, Told.STEP_UNDONE: Direction.COMPENSATION}


class EventsDisagree(InvariantViolated):
    """An event is missing, out of order, or not true."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    at = view.evidence(saga.ended)
    for life in saga.folded(lives):
        yield from _untrue(saga, life, at)
        yield from _end_untrue(saga, life, at)
        if not life.lost:
            yield from _misplaced(saga, life, at)
            yield from _left_out(saga, life, at)


# True -----------------------------------------------------------------------------------------


def _untrue(saga: SagaView, life: Life, at: tuple[int, ...]) -> Iterator[Finding]:
    for event in life.events:
        direction = _TRUE_IF.get(event.told)
        if direction is None:
            continue
        calls = saga.spec.calls_named(event.step)
        if not all(backed(saga, call, direction) for call in calls):
            yield Finding(f"the event {event} is not true: nobody acknowledged that", event.evidence or at)
        elif not all(backed(saga, call, direction, event.sent) for call in calls):
            message = f"the event {event} was not true yet: nobody had acknowledged that"
            yield Finding(message, event.evidence)


def _end_untrue(saga: SagaView, life: Life, at: tuple[int, ...]) -> Iterator[Finding]:
    for event in life.events:
        if event.told not in END_EVENTS:
            continue
        if event.told is not life.end and not (life.silent or (life.published and life.end is None)):
            yield Finding(f"the event {event} is not true: {life.ended}", event.evidence or at)
        elif life.published:
            yield from _too_early(saga, life, event)
    if life.end is not None and not life.silent and life.end not in [event.told for event in life.events]:
        yield Finding(f"{life.ended}, and no event says that it ended", at)


def _too_early(saga: SagaView, life: Life, event: ToldEvent) -> Iterator[Finding]:
    """Whether it was published while something was still to be done, or to be undone."""
    if event.told is Told.COMPLETED:
        for step in saga.spec.steps:
            if not step.optional and not backed(saga, step.name, Direction.ACTION, event.sent):
                message = f"the event {event} was not true yet: nobody had acknowledged step {step.name}"
                yield Finding(message, event.evidence)
    elif not life.silent:
        for undo in saga.undos():
            if undo.index > event.sent and any(_due(saga, step, event.sent) for step in undo.sent.steps):
                message = f"the undo of step {undo.sent.steps[0]} was sent after the event {event}"
                yield Finding(message, (*event.evidence, undo.index))


def _due(saga: SagaView, step: str, at: int) -> bool:
    """Whether an undo of a step was still to come."""
    begun = bool(saga.attempts(step, Direction.ACTION, at))
    settled = saga.undone(step, at) or saga.needless(step, at)
    return begun and not settled and not saga.attempts(step, Direction.COMPENSATION, at)


# In order -------------------------------------------------------------------------------------


def _misplaced(saga: SagaView, life: Life, at: tuple[int, ...]) -> Iterator[Finding]:
    events = life.events
    if events[0].told is not Told.STARTED:
        message = f"the event {events[0]} comes before the one that the saga started"
        yield Finding(message, events[0].evidence or at)
    before: set[tuple[Told, str]] = set()
    for index, event in enumerate(events):
        if (event.told, event.step) in before:
            yield Finding(f"the event {event} is told twice", event.evidence or at)
        for one in events[:index]:
            evidence = (*one.evidence, *event.evidence) or at
            if one.told in END_EVENTS or _forward_again(saga, life, one, event):
                yield Finding(f"the event {event} comes after {one}", evidence)
            elif one.told in _FOLLOWS and _overtaken(saga, one, event):
                yield Finding(f"the event {one} comes before {event}", evidence)
        before.add((event.told, event.step))


def _forward_again(saga: SagaView, life: Life, one: ToldEvent, later: ToldEvent) -> bool:
    """After it turned back; of handlers, a branch does not know what another one does."""
    if one.told is not Told.TURNED_BACK or later.told not in _FORWARD:
        return False
    sizes = sorted(len(saga.spec.ancestors[step.name]) for step in saga.spec.steps)
    return not life.published or sizes == list(range(len(sizes)))


def _overtaken(saga: SagaView, one: ToldEvent, later: ToldEvent) -> bool:
    """Whether an event came before one that it follows from."""
    if one.told is Told.STEP_UNDONE and later.told is Told.TURNED_BACK:
        return True
    if one.told is not Told.STEP_COMPLETED or later.told not in _FORWARD:
        return False
    same = one.step == later.step and later.told is Told.STEP_STARTED
    first, then = saga.spec.calls_named(one.step), saga.spec.calls_named(later.step)
    ahead = later.told is Told.STEP_COMPLETED and any(saga.spec.ancestors[call] & {*then} for call in first)
    return same or ahead


# Complete -------------------------------------------------------------------------------------


def _left_out(saga: SagaView, life: Life, at: tuple[int, ...]) -> Iterator[Finding]:
    """A saga that tells of no step going forward, or back, need not tell of any."""
    told = Told.STEP_COMPLETED if saga.status is Status.COMPLETED else Told.STEP_UNDONE
    tells = {event.told for event in life.events}
    if saga.status not in (Status.COMPLETED, Status.COMPENSATED) or told not in tells:
        return
    for step in saga.spec.steps:
        call = must_be_told(saga, step.name, _TRUE_IF[told])
        of = {event.step for event in life.events if event.told is told}
        if call is not None and not {step.name, step.whole} & of:
            yield Finding(f"step {step.name} was acknowledged, and no event tells that", (call.index, *at))


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return bool(saga.folded(lives))


INVARIANT = Invariant(
    id="lifecycle_events",
    says="The events that a saga tells of its own life are complete, in order, and true to the calls.",
    error=EventsDisagree,
    finds=_finds,
    exercised=_exercised,
)
