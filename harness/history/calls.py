"""Calls, folded from events: what the sender sent, what came of it, what it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness.history.events import (
    AnyEvent,
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    ExecutorStruck,
    FaultFired,
    KeyConflict,
)
from harness.plan.decision import Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Direction

ELSEWHERE = (307, 308)
"""Nothing was applied here: the same request goes elsewhere. After 301, 302 and 303 a GET does."""


class Answer(StrEnum):
    """What a call told its sender (RULES §1)."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"  # 4xx, and a redirect that nobody followed
    ACCEPTED = "accepted"  # 202
    UNREADABLE = "unreadable"  # 2xx with a body that cannot be read
    DOUBT = "doubt"  # time-out, reset, cut, 5xx
    UNSENT = "unsent"  # no connection

    @property
    def in_doubt(self) -> bool:
        """Ended without a readable final answer."""
        return self in (Answer.ACCEPTED, Answer.UNREADABLE, Answer.DOUBT)


@dataclass(slots=True, kw_only=True)
class Call:
    """One request of a saga. Indexes are those of events; times are in seconds since the run began.

    end: the index at which the sender stopped waiting, or None; `end_s` its time.
    again: sent again after a 202, or sent on elsewhere by a redirect that its sender followed: the two are
        one attempt.
    struck: the index at which its executor was killed, frozen or cancelled at this call, or None: whatever
        was answered, the saga may know it or not. withheld: that was before the call could leave.
    """

    sent: CallSent
    index: int
    deliveries: list[int] = field(default_factory=list)
    effects: list[tuple[int, EffectApplied]] = field(default_factory=list)
    faults: list[FaultFired] = field(default_factory=list)
    answered: CallAnswered | None = None
    failed: CallFailed | None = None
    conflict: bool = False
    end: int | None = None
    end_s: float | None = None
    again: bool = False
    struck: int | None = None
    withheld: bool = False
    _answer: Answer | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def saga_id(self) -> str:
        """Whose call it is."""
        return self.sent.saga_id

    @property
    def query(self) -> bool:
        """Asks and changes nothing."""
        return self.sent.direction is None

    @property
    def site(self) -> tuple[str | None, int]:
        """(operation, nth)."""
        return self.sent.operation, self.sent.nth

    @property
    def answer(self) -> Answer:
        """What the sender could make of it, once it has ended."""
        if self._answer is None:
            self._answer = self._read_answer()
        return self._answer

    def _read_answer(self) -> Answer:
        if self.answered is None:
            refused = self.failed is not None and self.failed.symptom is Symptom.REFUSED
            return Answer.UNSENT if refused else Answer.DOUBT
        return _answer(self.answered, undo=self.sent.direction is Direction.COMPENSATION, query=self.query)

    @property
    def gone(self) -> bool:
        """Answered by 404 or 410: there is nothing."""
        return self.answered is not None and self.answered.status in (404, 410)


def _answer(answered: CallAnswered, *, undo: bool, query: bool) -> Answer:
    status = answered.status
    if status == 202 and not query:
        return Answer.ACCEPTED
    if 200 <= status < 300:
        return Answer.ACKNOWLEDGED if answered.readable else Answer.UNREADABLE
    if status in (404, 410) and (undo or query):
        return Answer.ACKNOWLEDGED
    return Answer.REFUSED if 400 <= status < 500 or status in ELSEWHERE else Answer.DOUBT


def fold_calls(events: Sequence[AnyEvent]) -> tuple[Call, ...]:
    """The calls in the order in which they were sent."""
    calls: dict[int, Call] = {}
    event: Any
    for index, event in enumerate(events):
        if type(event) is CallSent:
            calls[event.call] = Call(sent=event, index=index)
            continue
        add = _OF_A_CALL.get(type(event))
        if add is not None and event.call in calls:
            add(calls[event.call], index, event)
    _mark_repeats(calls.values())
    return tuple(calls.values())


def _effect(call: Call, index: int, event: EffectApplied) -> None:
    call.effects.append((index, event))


def _delivered(call: Call, index: int, event: Delivered) -> None:
    del event
    call.deliveries.append(index)


def _fault(call: Call, index: int, event: FaultFired) -> None:
    del index
    call.faults.append(event)


def _conflict(call: Call, index: int, event: KeyConflict) -> None:
    del index, event
    call.conflict = True


def _struck(call: Call, index: int, event: ExecutorStruck) -> None:
    if event.process_fault is not ProcessFault.START_AGAIN and call.struck is None:
        call.struck = index
        call.withheld = event.boundary is Boundary.BEFORE_SEND


def _end(call: Call, index: int, event: CallAnswered | CallFailed) -> None:
    if call.end is not None:
        return
    call.end, call.end_s = index, event.t_s
    if isinstance(event, CallAnswered):
        call.answered = event
    else:
        call.failed = event


_OF_A_CALL: Mapping[type, Callable[[Call, int, Any], None]] = {
    EffectApplied: _effect,
    CallAnswered: _end,
    CallFailed: _end,
    Delivered: _delivered,
    FaultFired: _fault,
    KeyConflict: _conflict,
    ExecutorStruck: _struck,
}


def _mark_repeats(calls: Iterable[Call]) -> None:
    accepted: set[tuple[int, str, tuple[str, ...], Direction]] = set()
    redirected: dict[tuple[int, str, tuple[str, ...], Direction], Call] = {}
    for call in calls:
        if call.sent.direction is None:
            continue
        mark = (call.sent.executor, call.saga_id, call.sent.steps, call.sent.direction)
        if mark in redirected:
            redirected.pop(mark).again = True
        if call.answered is not None and call.answered.status in ELSEWHERE:
            redirected[mark] = call
        call.again = mark in accepted
        if call.answer is Answer.ACCEPTED:
            accepted.add(mark)
        else:
            accepted.discard(mark)
