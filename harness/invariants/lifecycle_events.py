"""A saga's own events (`detail.events`): complete, in order, and true to the calls.

Each is an object with `event` (or `type`), and `step` where it is about one. Names are read without regard to
case, `_` and a leading `Saga` of step events: `SagaStepCompleted`, `StepCompleted` and `STEP_COMPLETED` are
the same. Other events, and steps that are not declared, are ignored.

What a process that was struck had not yet told is lost, and what it had told may be told again: then only
whether the events are true is judged, not whether they are complete and in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from harness.history import ExecutorStruck
from harness.invariants.backing import backed, must_be_told
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction, Json, Status
from harness.views import SagaView, View


class Told(StrEnum):
    """What an event tells. The values are its names, as they are read."""

    STARTED = "sagastarted"
    STEP_STARTED = "stepstarted"
    STEP_COMPLETED = "stepcompleted"
    TURNED_BACK = "compensationstarted"
    STEP_UNDONE = "compensationcompleted"
    COMPLETED = "sagacompleted"
    FAILED = "sagafailed"


_BY_NAME: Mapping[str, Told] = {one.value: one for one in Told}
_OF_A_STEP = (Told.STEP_STARTED, Told.STEP_COMPLETED, Told.STEP_UNDONE)
_FORWARD = (Told.STEP_STARTED, Told.STEP_COMPLETED)
_ENDS = {Status.COMPLETED: Told.COMPLETED, Status.COMPENSATED: Told.FAILED, Status.STUCK: Told.FAILED}
_END_EVENTS = frozenset(_ENDS.values())
_FOLLOWS = (Told.STEP_UNDONE, Told.STEP_COMPLETED)
_TRUE_IF = {Told.STEP_COMPLETED: Direction.ACTION, Told.STEP_UNDONE: Direction.COMPENSATION}


class _Event(NamedTuple):
    told: Told
    step: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} of {self.step}" if self.step else self.name


class EventsDisagree(InvariantViolated):
    """An event is missing, out of order, or not true."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    events = saga.folded(_events)
    if events is None:
        return
    at, lost = view.evidence(saga.ended), _lost(view, saga)
    for message in (*_untrue(saga, events), *(() if lost else _misplaced(saga, events))):
        yield Finding(message, at)
    if not lost:
        yield from _left_out(saga, events, at)


def _lost(view: View, saga: SagaView) -> bool:
    """Whether the executor whose events these are may not know them all."""
    struck = (event for _, event in view.history.of(ExecutorStruck))
    return len(saga.ends) > 1 or any(event.saga_id == saga.saga_id for event in struck)


# Read -----------------------------------------------------------------------------------------


def _events(saga: SagaView) -> list[_Event] | None:
    """Those that mean something here; None where nothing is left."""
    detail = saga.ended.detail if saga.ended is not None else None
    told = detail.get("events") if isinstance(detail, Mapping) else None
    if not isinstance(told, list | tuple):
        return None
    return [event for entry in told if (event := _event(saga, entry)) is not None] or None


def _event(saga: SagaView, entry: Json) -> _Event | None:
    if not isinstance(entry, dict | Mapping):  # a dict first: to ask the other costs ten times as much
        return None
    name, step = entry.get("event", entry.get("type")), entry.get("step")
    told = _told(name) if isinstance(name, str) else None
    declared = isinstance(step, str) and bool(saga.spec.calls_named(step))
    if told is None or (told in _OF_A_STEP) != declared:
        return None
    return _Event(told, str(step) if told in _OF_A_STEP else "", str(name))


@lru_cache(maxsize=256)
def _told(name: str) -> Told | None:
    plain = name.replace("_", "").lower()
    return _BY_NAME.get(plain, _BY_NAME.get(plain.removeprefix("saga")))


# True -----------------------------------------------------------------------------------------


def _untrue(saga: SagaView, events: list[_Event]) -> Iterator[str]:
    for event in events:
        direction = _TRUE_IF.get(event.told)
        if direction is None:
            continue
        if not all(backed(saga, call, direction) for call in saga.spec.calls_named(event.step)):
            yield f"the event {event} is not true: nobody acknowledged that"
    right = _ENDS.get(saga.status) if saga.status is not None else None
    for event in events:
        if event.told in _END_EVENTS and event.told is not right:
            yield f"the event {event} is not true: the saga answered {saga.status}"
    if right is not None and right not in [event.told for event in events]:
        yield f"the saga answered {saga.status}, and no event says that it ended"


# In order -------------------------------------------------------------------------------------


def _misplaced(saga: SagaView, events: list[_Event]) -> Iterator[str]:
    if events[0].told is not Told.STARTED:
        yield f"the event {events[0]} comes before the one that the saga started"
    before: set[tuple[Told, str]] = set()
    for index, event in enumerate(events):
        if (event.told, event.step) in before:
            yield f"the event {event} is told twice"
        for one in events[:index]:
            if one.told in _END_EVENTS or (one.told is Told.TURNED_BACK and event.told in _FORWARD):
                yield f"the event {event} comes after {one}"
            elif one.told in _FOLLOWS and _overtaken(saga, one, event):
                yield f"the event {one} comes before {event}"
        before.add((event.told, event.step))


def _overtaken(saga: SagaView, one: _Event, later: _Event) -> bool:
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


def _left_out(saga: SagaView, events: list[_Event], at: tuple[int, ...]) -> Iterator[Finding]:
    """A saga that tells of no step going forward, or back, need not tell of any."""
    told = Told.STEP_COMPLETED if saga.status is Status.COMPLETED else Told.STEP_UNDONE
    tells = {event.told for event in events}
    if saga.status not in (Status.COMPLETED, Status.COMPENSATED) or told not in tells:
        return
    for step in saga.spec.steps:
        call = must_be_told(saga, step.name, _TRUE_IF[told])
        of = {event.step for event in events if event.told is told}
        if call is not None and not {step.name, step.whole} & of:
            yield Finding(f"step {step.name} was acknowledged, and no event tells that", (call.index, *at))


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return saga.folded(_events) is not None


INVARIANT = Invariant(
    id="lifecycle_events",
    says="The events that a saga tells of its own life are complete, in order, and true to the calls.",
    error=EventsDisagree,
    finds=_finds,
    exercised=_exercised,
)
