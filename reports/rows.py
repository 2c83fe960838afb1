"""The rows of a timeline: what a history's events come to, one row a call.

Owns which events make a row and how each is worded. Refuses to align or to leave out
(`reports.timeline`), and to draw (`reports.html`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import singledispatchmethod

from harness.bus.types import DELIVER, EVENTS
from harness.history import (
    Call,
    CallSent,
    EffectApplied,
    Event,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    FaultFired,
    FaultUnconfirmed,
    Held,
    HeldOtherwise,
    History,
    Lapsed,
    MessageDead,
    MessageDelivered,
    MessagePublished,
    NobodyHeld,
    ParticipantAway,
    Passed,
    Phase,
    PhaseBegan,
    Released,
    TurnPassed,
)
from harness.participant.ledger import Change
from harness.plan.decision import Delivery, Symptom
from harness.process_faults import ProcessFault
from harness.saga import Direction
from reports.bodies import said_of
from reports.words import seconds, when_words

_PHASES = {Phase.SETTLING: "every fault heals"}
_SYMPTOMS = {
    Symptom.REFUSED: "no connection",
    Symptom.SILENCE: "no reply",
    Symptom.RESET: "connection reset",
    Symptom.CUT: "reply cut short",
}
_CHANGES = {
    Change.CREATED: "created",
    Change.PART: "created in part",
    Change.COMPLETED: "completed",
    Change.LESSENED: "lessened",
    Change.REMOVED: "removed",
    Change.REMOVED_AGAIN: "removed again",
}
_HELD = {
    Delivery.AFTER_RETRY: "held until after the next try",
    Delivery.AFTER_UNDO: "held until after the undo",
    Delivery.SETTLING: "held until everything heals",
}

ACKNOWLEDGED = "acknowledged"
"""What came of a delivery that its handler took."""

_LONGEST_WHY = 70
"""Characters of what a handler raised."""

_STRUCK = {
    ProcessFault.CRASH: "dies",
    ProcessFault.MOVE: "dies",
    ProcessFault.RACE: "dies",
    ProcessFault.FREEZE: "freezes",
    ProcessFault.START_AGAIN: "is started once more",
    ProcessFault.CANCEL: "is cancelled",
}


class RowKind(StrEnum):
    """LATE: an effect after its sender left. PROCESS_FAULT: what struck an executor. GAP: rows left out."""

    CALL = "call"
    LATE = "late"
    PROCESS_FAULT = "process_fault"
    SAGA = "saga"
    PHASE = "phase"
    GAP = "gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. what: the request of a call, else the whole sentence. index: of its event, -1 for a gap.

    said: of a call that is evidence, what was sent and answered, where that is short. saga: the id with which
    `who` or `what` names its saga, where a run has several.
    """

    t_s: float
    kind: RowKind
    what: str = ""
    who: str = ""
    came: str = ""
    notes: tuple[str, ...] = ()
    relevant: bool = False
    undo: bool = False
    faulted: bool = False
    left_out: int = 0
    index: int = -1
    said: tuple[str, ...] = ()
    saga: str = ""


def rows(history: History, evidence: Collection[int] = ()) -> list[Row]:
    """All rows, in the order in which things happened."""
    maker = _Maker(history, frozenset(evidence))
    made = (maker.row(event, index) for index, event in enumerate(history.events))
    return [row for row in made if row is not None]


class _Maker:
    """Goes through the events once; a call's effects after its end get rows of their own."""

    def __init__(self, history: History, evidence: frozenset[int]) -> None:
        self.calls = {call.sent.call: call for call in history.calls}
        self.history = history
        self.evidence = evidence
        self.held: dict[int, list[Held]] = defaultdict(list)
        self.own: dict[int, set[int]] = defaultdict(set)
        for index, event in enumerate(history.events):
            number = getattr(event, "call", None)
            if isinstance(event, Held):
                self.held[event.call].append(event)
            own_row = isinstance(event, ExecutorStruck) or self._comes_late(event, index)
            if number is not None and not own_row:
                self.own[number].add(index)
        began = [event for event in history.events if isinstance(event, ExecutorBegan)]
        self.several_sagas = len(history.began.saga_ids) > 1
        self.several_executors = len(began) > len(history.began.saga_ids)
        self.held_at_the_door = {event.call for event in history.events if isinstance(event, TurnPassed)}
        self.struck = {event.executor: event for event in history.events if isinstance(event, ExecutorStruck)}
        self.published = {one.call: one for _, one in history.of(MessagePublished)}
        self.delivered: dict[int, list[MessageDelivered]] = defaultdict(list)
        for _, one in history.of(MessageDelivered):
            self.delivered[one.call].append(one)
        self.first = {event.saga_id: event for event in reversed(began)}

    @singledispatchmethod
    def row(self, event: Event, index: int) -> Row | None:
        """Most events only add to the row of their call."""
        del event, index
        return None

    @row.register
    def _(self, event: CallSent, index: int) -> Row:
        call = self.calls[event.call]
        relevant = bool(self.own[event.call] & self.evidence)
        return Row(
            t_s=event.t_s,
            kind=RowKind.CALL,
            said=said_of(call, self.history) if relevant else (),
            who=self._who(event),
            what=request(call),
            came=self._came(call),
            notes=self._notes(call),
            relevant=relevant,
            undo=event.direction is Direction.COMPENSATION,
            faulted=any(fault.participant is None for fault in call.faults),
            index=index,
            saga=event.saga_id if self.several_sagas else "",
        )

    @row.register
    def _(self, event: MessageDead, index: int) -> Row:
        what = (
            f"{event.type} goes to the dead letters of {event.subscription} after "
            f"{event.attempts} {'delivery' if event.attempts == 1 else 'deliveries'}"
        )
        return self._sentence(event, index, RowKind.LATE, what)

    @row.register
    def _(self, event: MessagePublished, index: int) -> Row | None:
        if event.call:
            return None
        return self._sentence(event, index, RowKind.SAGA, f"{event.type} is published, which starts the saga")

    @row.register
    def _(self, event: EffectApplied, index: int) -> Row | None:
        if not self._comes_late(event, index):
            return None
        call = self.calls[event.call]
        what = f"after its sender gave up, {request(call)} of {call.sent.t_s:.3f} s: {effect_words(event)}"
        return self._sentence(event, index, RowKind.LATE, what)

    @row.register
    def _(self, event: HeldOtherwise, index: int) -> Row:
        return self._sentence(event, index, RowKind.LATE, event.says)

    @row.register
    def _(self, event: Lapsed, index: int) -> Row:
        return self._sentence(
            event, index, RowKind.LATE, f"{event.resource} #{event.incarnation} {event.detail}"
        )

    @row.register
    def _(self, event: Released, index: int) -> Row | None:
        if not event.dropped:
            return None
        what = f"the held {request(self.calls[event.call])} is dropped, for no saga could hold against it"
        return self._sentence(event, index, RowKind.LATE, what)

    @row.register
    def _(self, event: ExecutorBegan, index: int) -> Row:
        return self._sentence(event, index, RowKind.SAGA, f"{self._saga(event)} {self._begins(event)}")

    @row.register
    def _(self, event: ExecutorEnded, index: int) -> Row:
        return self._sentence(event, index, RowKind.SAGA, f"{self._saga(event)} {ended_words(event)}")

    @row.register
    def _(self, event: ExecutorStruck, index: int) -> Row:
        call = self.calls.get(event.call)
        told = request(call) if call is not None else f"call {event.call}"
        when = when_words(event.process_fault, event.boundary, told)
        whose = "the same saga" if event.process_fault is ProcessFault.START_AGAIN else self._saga(event)
        what = f"{whose} {_STRUCK[event.process_fault]} {when}"
        return self._sentence(event, index, RowKind.PROCESS_FAULT, what)

    @row.register
    def _(self, event: ExecutorWoken, index: int) -> Row:
        return self._sentence(event, index, RowKind.PROCESS_FAULT, f"{self._saga(event)} wakes and goes on")

    @row.register
    def _(self, event: TurnPassed, index: int) -> Row:
        goes_on = f"{event.saga_id} goes on"
        what = {
            Passed.NEXT: goes_on,
            Passed.ENDED: f"{goes_on}: the other has ended",
            Passed.REACHED: f"{event.held} has come as far as it was to and is held at {{call}}; {goes_on}",
            Passed.TOGETHER: f"{event.held} sends {{call}} at the same time as {event.saga_id} what was held",
            Passed.PREEMPTED: f"{event.held} is held at {{call}}, and {event.saga_id} runs",
            Passed.WAITS: f"{event.held} waits for another and sends nothing new; {goes_on}",
        }[event.why]
        call = "" if event.call is None else request(self.calls[event.call])
        return self._sentence(event, index, RowKind.SAGA, what.format(call=call))

    @row.register
    def _(self, event: NobodyHeld, index: int) -> Row:
        why = f"{' and '.join(event.waited)} wait for each other: " if event.waited else ""
        if event.at:
            stand = ", ".join(f"{one} stands at {at}" for one, at in zip(event.waited, event.at, strict=True))
            return self._sentence(event, index, RowKind.SAGA, f"{why}{stand}")
        return self._sentence(event, index, RowKind.SAGA, f"{why}no saga is held any longer")

    @row.register
    def _(self, event: FaultFired, index: int) -> Row | None:
        if event.call in self.calls and event.participant is None:
            return None
        if event.participant is None:
            what = f"fault {event.kind} begins, before any call that could be seen"
        else:
            what = f"fault {event.kind} struck a call at {event.participant} that nobody could see"
        return self._sentence(event, index, RowKind.PROCESS_FAULT, what)

    @row.register
    def _(self, event: ParticipantAway, index: int) -> Row:
        what = f"{event.participant} goes away (fault {event.kind})"
        return self._sentence(event, index, RowKind.PROCESS_FAULT, what)

    @row.register
    def _(self, event: FaultUnconfirmed, index: int) -> Row:
        by = f" by toxic {event.toxic}" if event.toxic else ""
        what = f"fault {event.kind}{by} did not fire: {event.reason}"
        return self._sentence(event, index, RowKind.PROCESS_FAULT, what)

    @row.register
    def _(self, event: PhaseBegan, index: int) -> Row | None:
        if event.phase not in _PHASES:
            return None
        return self._sentence(event, index, RowKind.PHASE, _PHASES[event.phase])

    def _sentence(self, event: Event, index: int, kind: RowKind, what: str) -> Row:
        saga = getattr(event, "saga_id", "") if self.several_sagas else ""
        relevant = index in self.evidence
        return Row(t_s=event.t_s, kind=kind, what=what, relevant=relevant, index=index, saga=saga)

    def _comes_late(self, event: Event, index: int) -> bool:
        if not isinstance(event, EffectApplied):
            return False
        end = self.calls[event.call].end
        return end is not None and index > end

    def _who(self, sent: CallSent) -> str:
        steps = ", ".join(sent.steps)
        if sent.method == DELIVER:
            to = next((one.subscription for one in self.delivered[sent.call]), "")
            return " ".join((*self._owner(sent.saga_id, sent.executor), f"to {to}" if to else "to nobody"))
        if sent.direction is Direction.COMPENSATION:
            steps = f"undo {steps}"
        elif sent.direction is None:
            steps = "" if _published(sent) else f"ask {steps}".rstrip()
        elif not steps:
            steps = "no step"
        return " ".join((*self._owner(sent.saga_id, sent.executor), *((steps,) if steps else ())))

    def _begins(self, event: ExecutorBegan) -> str:
        """Called again after `running`, resumed after a process fault, or started by somebody else too."""
        where = f" on node {event.node}" if event.node > 1 else ""
        if event.resumed:
            return f"is resumed{where}" if self.struck else f"is called again{where}"
        return f"starts{where}" if self.first[event.saga_id] is event else f"starts too{where}"

    def _came(self, call: Call) -> str:
        """What the sender saw, if it still was there to see it."""
        if call.sent.method == DELIVER:
            return self._acknowledged(call)
        struck = self.struck.get(call.sent.executor)
        if struck is None or call.failed is None:
            return came_of(call)
        if struck.process_fault is ProcessFault.CANCEL and struck.call == call.sent.call:
            return "cancelled meanwhile"
        return "its sender died" if struck.process_fault.kills and call.failed.abandoned else came_of(call)

    def _acknowledged(self, call: Call) -> str:
        """What the bus heard of a delivery."""
        if call.failed is not None and call.failed.abandoned:
            return "its handler died"
        words = came_of(call)
        return words.replace("no reply", "no acknowledgement").replace("still waiting", "not acknowledged")

    def _saga(self, event: ExecutorBegan | ExecutorEnded | ExecutorStruck | ExecutorWoken) -> str:
        return " ".join(("the saga", *self._owner(event.saga_id, event.executor)))

    def _owner(self, saga_id: str, executor: int) -> tuple[str, ...]:
        saga = (saga_id,) if self.several_sagas else ()
        return (*saga, f"#{executor}") if self.several_executors else saga

    def _messages(self, call: Call) -> tuple[str, ...]:
        """Which message it is, where it was delivered before, or comes more than once."""
        published, delivered = self.published.get(call.sent.call), self.delivered[call.sent.call]
        more = len(delivered) - 1
        return (
            *((f"the end {published.end}",) if published is not None and published.end else ()),
            *((f"delivery {delivered[0].attempt} of it",) if delivered and delivered[0].attempt > 1 else ()),
            *((f"delivered {more + 1} times",) if more > 0 else ()),
            *self._why_refused(call),
        )

    def _why_refused(self, call: Call) -> tuple[str, ...]:
        """What its handler raised, where a delivery was refused and that is known."""
        if call.sent.method != DELIVER or call.answered is None or call.answered.status < 300:
            return ()
        contents = self.history.contents.get(call.sent.call)
        body = contents.answer.body if contents is not None and contents.answer is not None else None
        error = body.get("error") if isinstance(body, Mapping) else None
        if not isinstance(error, str):
            return ()
        why = error.partition("the handler raised ")[2] or error
        return (why if len(why) <= _LONGEST_WHY else f"{why[: _LONGEST_WHY - 1]}…",)

    def _notes(self, call: Call) -> tuple[str, ...]:
        own = (effect for index, effect in call.effects if not self._comes_late(effect, index))
        struck = dict.fromkeys(
            f"fault {fault.kind}" if fault.fault is not None else f"struck as a collateral hit: {fault.kind}"
            for fault in call.faults
            if fault.participant is None
        )
        return (
            *struck,
            *(effect_words(effect) for effect in own),
            *(_HELD[event.until] for event in self.held[call.sent.call] if event.until in _HELD),
            *(("same key, another body",) if call.conflict else ()),
            *(("held before it was delivered",) if call.sent.call in self.held_at_the_door else ()),
            *self._messages(call),
        )


def request(call: Call) -> str:
    """`POST /charges`; of messages `deliver OrderPlaced` and `publish OrderPlaced`."""
    sent = call.sent
    if sent.method == DELIVER:
        return f"deliver {sent.path[1:]}"
    published = _published(sent)
    if published:
        _, resource, verb = published
        return f"publish {resource if verb == 'publish' else verb}"
    return f"{sent.method} {sent.path}"


def _published(sent: CallSent) -> tuple[str, ...]:
    """The parts of the operation that publishes an event; empty for any other call."""
    if (sent.method, sent.path) != ("POST", EVENTS) or sent.operation is None:
        return ()
    return tuple(sent.operation.split(".", 2))


def came_of(call: Call) -> str:
    """What the sender saw: a status, or what came in its place, and how long it waited for nothing."""
    if call.answered is not None and call.sent.method == DELIVER:
        return ACKNOWLEDGED if call.answered.status < 300 else "refused by its handler"
    if call.answered is not None:
        answered = call.answered
        unreadable = "" if answered.readable else ", unreadable"
        later = (
            f", retry after {seconds(answered.retry_after_s)}" if answered.retry_after_s is not None else ""
        )
        return f"{answered.status}{unreadable}{later}"
    if call.failed is None:
        return "still waiting"
    if call.failed.broken_off:
        return "still waiting when all healed"
    waited_s = call.failed.t_s - call.sent.t_s
    if call.failed.abandoned and call.failed.symptom not in _SYMPTOMS:
        return f"gave up after {seconds(waited_s)}"
    words = _SYMPTOMS.get(call.failed.symptom, "no whole reply")
    return f"{words} for {seconds(waited_s)}" if call.failed.symptom is Symptom.SILENCE else words


def effect_words(effect: EffectApplied) -> str:
    """`payments.charge #1 removed again`."""
    what = effect.detail or _CHANGES[effect.change]
    again = " again" if effect.detail and effect.change is Change.REMOVED_AGAIN else ""
    return f"{effect.resource} #{effect.incarnation} {what}{again}"


def ended_words(event: ExecutorEnded) -> str:
    """What came back, and the first cause where the saga gives one."""
    if event.timed_out:
        return "does not come back"
    if event.cancelled:
        return "ends cancelled"
    if event.status is None:
        return f"ends without an outcome: {event.problem or 'nothing came back'}"
    cause = event.detail.get("error") if isinstance(event.detail, dict) else None
    said = f"says {event.status}"
    return f"{said} ({cause})" if cause else said
