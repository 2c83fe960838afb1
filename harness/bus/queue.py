"""Which message is due at which subscription, which comes again, and which is a dead letter.

Owns the state of every message at every subscription, as a pure state machine: a world reports what became of
a delivery, and answers what comes next. Refuses to know when, and who delivers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.bus.promise import Keeping, Promise
from harness.cloudevents import CloudEvent


class EntryState(StrEnum):
    """Where a message is at one subscription."""

    WAITING = "waiting"
    OUT = "out"  # delivered, and neither acknowledged nor given up
    DONE = "done"
    DEAD = "dead"


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """One publication. call: that which published it, 0 for the event that starts a saga.

    carried: headers that go along. poisoned: nobody can read it any more.
    """

    number: int
    event: CloudEvent
    saga_id: str
    call: int
    carried: Mapping[str, str] = field(default_factory=dict)
    poisoned: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """A message at one subscription. attempts: deliveries so far. struck: those of them that a fault struck.

    refusals: how often it was not taken, which says how long the next pause is.
    """

    message: Message
    subscription: str
    state: EntryState = EntryState.WAITING
    attempts: int = 0
    struck: int = 0
    refusals: int = 0

    @property
    def over(self) -> bool:
        """Whether it is never delivered again."""
        return self.state in (EntryState.DONE, EntryState.DEAD)


class MessageQueue:
    """Of one run. subscriptions: those of each type of event, in the order in which they are served."""

    def __init__(self, promise: Promise, subscriptions: Mapping[str, Sequence[str]]) -> None:
        self._promise = promise
        self._subscriptions = {type_: list(names) for type_, names in subscriptions.items()}
        self._entries: list[Entry] = []
        self._messages = 0

    def subscribe(self, type_: str, subscription: str) -> None:
        """From now on the subscription gets events of that type, once each; again is no second one."""
        names = self._subscriptions.setdefault(type_, [])
        if subscription not in names:
            names.append(subscription)

    def publish(
        self, event: CloudEvent, *, saga_id: str, call: int, carried: Mapping[str, str] | None = None
    ) -> tuple[Message, tuple[Entry, ...]]:
        """The message, and the entries that it makes: none where nobody subscribed."""
        self._messages += 1
        message = Message(
            number=self._messages, event=event, saga_id=saga_id, call=call, carried=carried or {}
        )
        made = tuple(
            Entry(message=message, subscription=name) for name in self._subscriptions.get(event.type, ())
        )
        self._entries += made
        return message, made

    def routed(self, message: Message, subscription: str) -> Entry:
        """A broker routed a message to a subscription that nobody had told of."""
        entry = Entry(message=message, subscription=subscription)
        self._entries.append(entry)
        return entry

    def due(self, entry: Entry) -> bool:
        """Whether it may be delivered now: with an order, all that came before it at that key are over."""
        if entry.state is not EntryState.WAITING:
            return False
        return self._promise.order is Keeping.NONE or next(self._line(entry)) is entry

    def out(self, entry: Entry) -> None:
        """A delivery of it began."""
        entry.state = EntryState.OUT
        entry.attempts += 1

    def acknowledged(self, entry: Entry) -> Iterator[Entry]:
        """It is done with; yields the one that was waiting for that."""
        entry.state = EntryState.DONE
        return self._after(entry)

    def failed(self, entry: Entry, *, struck: bool, counts: bool = True) -> bool:
        """A delivery failed; whether it comes again. Else it is a dead letter.

        struck: by a fault. counts: false: it was none of the attempts that are allowed.
        """
        entry.refusals += 1
        if counts:
            entry.struck += struck
        else:
            entry.attempts -= 1
        entry.state = EntryState.DEAD if entry.attempts >= self._promise.attempts else EntryState.WAITING
        return entry.state is EntryState.WAITING

    def after_dead(self, entry: Entry) -> Iterator[Entry]:
        """The one that was waiting for a message which is a dead letter now."""
        return self._after(entry)

    def pending(self, saga_id: str) -> bool:
        """Whether anything of a saga is still to be delivered, or was and is not acknowledged."""
        return any(not one.over for one in self._entries if one.message.saga_id == saga_id)

    def dead(self, saga_id: str) -> tuple[Entry, ...]:
        """The dead letters of a saga."""
        return tuple(
            one for one in self._entries if one.message.saga_id == saga_id and one.state is EntryState.DEAD
        )

    def _after(self, entry: Entry) -> Iterator[Entry]:
        if self._promise.order is Keeping.KEY:
            following = next(self._line(entry), None)
            if following is not None and following.state is EntryState.WAITING:
                yield following

    def _line(self, entry: Entry) -> Iterator[Entry]:
        """What is not over of one saga at one subscription, in the order of its publication."""
        return (
            one
            for one in self._entries
            if not one.over
            and one.subscription == entry.subscription
            and one.message.saga_id == entry.message.saga_id
        )
