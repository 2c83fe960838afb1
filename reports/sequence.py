"""A run as a sequence: who called whom, where a fault struck, what was in doubt, what is left.

Owns which events become an arrow or a mark, in the order in which they happened. Refuses to place or to
draw them (`reports.sequence_svg`), and to word what `reports.rows` words already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.bus.types import DELIVER
from harness.history import (
    Call,
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    HeldOtherwise,
    History,
    Lapsed,
    Released,
)
from harness.history.events import AnyEvent
from harness.participant.ledger import Change
from harness.process_faults import ProcessFault
from reports.rows import Row, RowKind, came_of, effect_words, ended_words, request, rows
from reports.timeline import MOST_ROWS, elided

_GONE = (Change.REMOVED, Change.REMOVED_AGAIN)


class Mark(StrEnum):
    """What is drawn. RETURN: what came back, or that nothing did. ACROSS: a sentence over all lifelines."""

    REQUEST = "request"
    RETURN = "return"
    ARRIVAL = "arrival"
    EFFECT = "effect"
    LIFE = "life"
    ACROSS = "across"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifeline:
    """One column. `saga_id` is empty for a participant."""

    key: str
    label: str
    saga_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the diagram.

    sender, receiver: keys of lifelines; of a mark on one lifeline only `sender`. who: the step. text: the
    request, or what came. fault: its kind, where one struck here. broken: the message did not get through.
    nothing: a return without any message. doubt: the sender cannot know whether it took effect.
    begins, ends: of an executor's life; `sleeps` while it is frozen.
    """

    mark: Mark
    t_s: float
    index: int
    sender: str = ""
    receiver: str = ""
    who: str = ""
    text: str = ""
    fault: str = ""
    broken: bool = False
    nothing: bool = False
    doubt: bool = False
    undo: bool = False
    relevant: bool = False
    begins: bool = False
    ends: bool = False
    sleeps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A resource that is held when all is over. relevant: the evidence names the effect that made it."""

    resource: str
    relevant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSequence:
    """The whole diagram. left: by participant. left_out: lines that are not drawn."""

    lifelines: tuple[Lifeline, ...]
    items: tuple[Item, ...]
    left: Mapping[str, tuple[Left, ...]]
    left_out: int = 0


def sequence(
    history: History,
    evidence: Collection[int] = (),
    *,
    most: int = MOST_ROWS,
    told: Sequence[Row] | None = None,
) -> RunSequence:
    """About `most` calls and marks: those that `reports.timeline` shows. told: all rows, if known."""
    every = rows(history, evidence) if told is None else told
    made = elided(every, most)
    drawn = _Drawn(history, frozenset(evidence), every, made)
    return RunSequence(
        lifelines=(*drawn.lanes.lifelines(), *_participants(history)),
        items=tuple(drawn.items()),
        left=_left(history, frozenset(evidence)),
        left_out=sum(row.left_out for row in made),
    )


def _participants(history: History) -> tuple[Lifeline, ...]:
    named = dict.fromkeys(call.sent.participant for call in history.calls)
    return tuple(Lifeline(key=f"participant {name}", label=name) for name in named)


def _left(history: History, evidence: frozenset[int]) -> Mapping[str, tuple[Left, ...]]:
    """What was made and not removed, by the participant that holds it."""
    held: dict[str, dict[tuple[str, int], bool]] = {call.sent.participant: {} for call in history.calls}
    for index, event in enumerate(history.events):
        if not isinstance(event, EffectApplied | HeldOtherwise | Lapsed):
            continue
        there = held.setdefault(event.resource.partition(".")[0], {})
        which = event.resource, event.incarnation
        if _takes_away(event):
            there.pop(which, None)
        else:
            there[which] = there.get(which, False) or index in evidence
    return {
        name: tuple(
            Left(resource=f"{resource.partition('.')[2] or resource} #{number}", relevant=relevant)
            for (resource, number), relevant in there.items()
        )
        for name, there in held.items()
    }


def _takes_away(event: EffectApplied | HeldOtherwise | Lapsed) -> bool:
    """Whether what an event is about is not there from then on."""
    if isinstance(event, EffectApplied):
        return event.change in _GONE
    return isinstance(event, Lapsed) or not event.held


def _lapsed(event: Lapsed) -> str:
    name = event.resource.partition(".")[2] or event.resource
    return f"{name} #{event.incarnation} {event.detail}"


class _Lanes:
    """Which lifeline an executor is drawn on: that of one before it of the same saga which is gone."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._of: dict[int, str] = {}
        self._free: dict[str, list[str]] = {saga_id: [] for saga_id in history.began.saga_ids}
        self._lanes: dict[str, list[str]] = {saga_id: [] for saga_id in history.began.saga_ids}
        for event in history.events:
            if isinstance(event, ExecutorBegan):
                self._take(event)
            elif isinstance(event, ExecutorEnded) or (
                isinstance(event, ExecutorStruck) and event.process_fault.kills
            ):
                self._leave(event)

    def _take(self, event: ExecutorBegan) -> None:
        lanes = self._lanes.setdefault(event.saga_id, [])
        free = self._free.setdefault(event.saga_id, [])
        if not free:
            lanes.append(f"saga {event.saga_id} {len(lanes) + 1}")
            free.append(lanes[-1])
        self._of[event.executor] = free.pop(0)

    def _leave(self, event: ExecutorEnded | ExecutorStruck) -> None:
        lane, free = self._of.get(event.executor), self._free.setdefault(event.saga_id, [])
        if lane is not None and lane not in free:
            free.append(lane)

    def of(self, executor: int) -> str:
        """The key of its lifeline; of one that never began, the first there is."""
        return self._of.get(executor) or next((one.key for one in self.lifelines()), "")

    def lifelines(self) -> tuple[Lifeline, ...]:
        several = len(self._lanes) > 1
        return tuple(
            Lifeline(key=lane, label=_saga_label(saga_id, number, several=several), saga_id=saga_id)
            for saga_id, lanes in self._lanes.items()
            for number, lane in enumerate(lanes, start=1)
        )


def _saga_label(saga_id: str, number: int, *, several: bool) -> str:
    name = saga_id if several else "saga"
    return name if number == 1 else f"{name}, again"


class _Drawn:
    """Walks the events once; what the timeline leaves out becomes one line that says how much."""

    def __init__(
        self, history: History, evidence: frozenset[int], every: Sequence[Row], shown: Sequence[Row]
    ) -> None:
        self._history = history
        self._evidence = evidence
        self._rows = {row.index: row for row in shown if row.kind is not RowKind.GAP}
        self._all = [row.index for row in every]
        self._calls = {call.sent.call: call for call in history.calls}
        self._kept = {call.sent.call for call in history.calls if call.index in self._rows}
        self.lanes = _Lanes(history)

    def items(self) -> Iterator[Item]:
        """One line for each gap of the timeline: answers to other calls may lie within it."""
        skipped = 0
        counted = set(self._all) - set(self._rows)
        for index, event in enumerate(self._history.events):
            skipped += index in counted
            for item in self._items(event, index):
                if skipped and index in self._rows:
                    yield _gap(skipped, event.t_s)
                    skipped = 0
                yield item
        if skipped:
            yield _gap(skipped, self._history.events[-1].t_s)

    def _items(self, event: AnyEvent, index: int) -> Iterator[Item]:
        relevant = index in self._evidence
        match event:
            case CallSent() if event.call in self._kept:
                yield self._request(self._calls[event.call], index)
            case Delivered() if event.call in self._kept:
                yield from self._arrival(event, index)
            case EffectApplied() if event.call in self._kept or index in self._rows:
                yield Item(
                    mark=Mark.EFFECT,
                    t_s=event.t_s,
                    index=index,
                    sender=f"participant {self._calls[event.call].sent.participant}",
                    text=effect_words(event).partition(".")[2] or effect_words(event),
                    undo=event.change in _GONE,
                    relevant=relevant,
                )
            case HeldOtherwise() | Lapsed():
                yield Item(
                    mark=Mark.EFFECT,
                    t_s=event.t_s,
                    index=index,
                    sender=f"participant {event.resource.partition('.')[0]}",
                    text=event.says if isinstance(event, HeldOtherwise) else _lapsed(event),
                    undo=isinstance(event, Lapsed) or not event.held,
                    relevant=relevant,
                )
            case CallAnswered() | CallFailed() if event.call in self._kept:
                yield from self._return(self._calls[event.call], event, index)
            case ExecutorBegan() | ExecutorEnded() | ExecutorStruck() | ExecutorWoken():
                yield from self._life(event, index)
            case Released():
                yield from self._released(event, index)
            case _ if index in self._rows:
                row = self._rows[index]
                yield Item(
                    mark=Mark.ACROSS,
                    t_s=event.t_s,
                    index=index,
                    text=row.what,
                    relevant=relevant,
                    broken=row.kind is RowKind.PROCESS_FAULT,
                )
            case _:
                return

    def _request(self, call: Call, index: int) -> Item:
        row = self._rows[index]
        arrived = _arrived(call)
        held = next((note for note in row.notes if note.startswith("held ")), "")
        own = {each for each in self._of_call(call) if each in self._evidence}
        sender, receiver = self._ends(call)
        return Item(
            mark=Mark.REQUEST,
            t_s=call.sent.t_s,
            index=index,
            sender=sender,
            receiver=receiver,
            who=row.who.removeprefix(row.saga).lstrip(),
            text=request(call) + (f" ({held})" if held else ""),
            fault="" if arrived else _faults(call),
            broken=not arrived,
            undo=row.undo,
            relevant=index in own or bool(own and not self._drawn_elsewhere(own)),
        )

    def _ends(self, call: Call) -> tuple[str, str]:
        """Who asks, and who is asked: a message goes from the bus to the saga."""
        saga, participant = self.lanes.of(call.sent.executor), f"participant {call.sent.participant}"
        return (participant, saga) if call.sent.method == DELIVER else (saga, participant)

    def _of_call(self, call: Call) -> Iterator[int]:
        for index, event in enumerate(self._history.events):
            if getattr(event, "call", None) == call.sent.call and not isinstance(event, ExecutorStruck):
                yield index

    def _drawn_elsewhere(self, own: Collection[int]) -> bool:
        kinds = (EffectApplied, CallAnswered, CallFailed)
        return any(isinstance(self._history.events[index], kinds) for index in own)

    def _return(self, call: Call, event: CallAnswered | CallFailed, index: int) -> Iterator[Item]:
        if index != call.end:
            return
        came = self._rows[call.index].came or came_of(call)
        answered = isinstance(event, CallAnswered)
        arrived = _arrived(call)
        sender, receiver = self._ends(call)
        yield Item(
            mark=Mark.RETURN,
            t_s=event.t_s,
            index=index,
            sender=receiver,
            receiver=sender,
            text=came,
            fault=_faults(call) if arrived else "",
            broken=not answered,
            nothing=not answered and not arrived,
            doubt=call.answer.in_doubt and call.sent.direction is not None,
            relevant=index in self._evidence,
        )

    def _arrival(self, event: Delivered, index: int) -> Iterator[Item]:
        """Only what is no plain arrival: a repeat, or one that comes after its sender has left."""
        call = self._calls[event.call]
        late = call.end is not None and index > call.end
        if not event.copy and not late:
            return
        text = f"{request(call)} arrives late" if late and not event.copy else f"{request(call)} once more"
        yield self._at_participant(call, event.t_s, index, text)

    def _released(self, event: Released, index: int) -> Iterator[Item]:
        call = self._calls[event.call]
        if event.dropped and (event.call in self._kept or index in self._rows):
            yield self._at_participant(
                call, event.t_s, index, f"the held {request(call)} is dropped", drop=True
            )

    def _at_participant(self, call: Call, t_s: float, index: int, text: str, *, drop: bool = False) -> Item:
        return Item(
            mark=Mark.ARRIVAL,
            t_s=t_s,
            index=index,
            sender=self._ends(call)[1],
            text=text,
            broken=drop,
            relevant=index in self._evidence,
        )

    def _life(
        self, event: ExecutorBegan | ExecutorEnded | ExecutorStruck | ExecutorWoken, index: int
    ) -> Iterator[Item]:
        row = self._rows.get(index)
        text = row.what if row is not None else ""
        if row is not None and row.saga:
            text = text.replace(f"the saga {row.saga}", "the saga", 1)
        mark = Item(
            mark=Mark.LIFE,
            t_s=event.t_s,
            index=index,
            sender=self.lanes.of(event.executor),
            text=text,
            relevant=index in self._evidence,
        )
        match event:
            case ExecutorEnded():
                yield replace(mark, text=ended_words(event), ends=True)
            case ExecutorStruck():
                frozen = event.process_fault is ProcessFault.FREEZE
                yield replace(
                    mark,
                    broken=True,
                    ends=event.process_fault.kills,
                    sleeps=frozen,
                    fault=event.process_fault.value,
                )
            case _:
                yield replace(mark, begins=True)


def _arrived(call: Call) -> bool:
    """While its sender still waited."""
    end = call.end
    before = (*call.deliveries, *(index for index, _ in call.effects))
    return call.answered is not None or any(end is None or index < end for index in before)


def _faults(call: Call) -> str:
    kinds = dict.fromkeys(
        fault.kind if fault.fault is not None else f"{fault.kind}, as a collateral hit"
        for fault in call.faults
        if fault.participant is None
    )
    return ", ".join(kinds)


def _gap(skipped: int, t_s: float) -> Item:
    more = f"… {skipped} more {'line' if skipped == 1 else 'lines'} …"
    return Item(mark=Mark.ACROSS, t_s=t_s, index=-1, text=more)
