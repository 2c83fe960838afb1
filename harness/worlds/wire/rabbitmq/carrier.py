"""Messages that RabbitMQ brings: from its delivery to its own acknowledgement.

The broker delivers when it likes; a message is kept in front of its subscriber until the line of messages
says that it is due. What is to come again goes back to the broker, which delivers it again: by a negative
acknowledgement, or because the connection was cut. Owns which delivery of the broker stands for which
message. Refuses to know why something comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Protocol

from harness.adapter.inbox import Delivery, Ending
from harness.adapter.push import ATTEMPT_HEADER
from harness.bus import Entry
from harness.bus.participant import delivery_of
from harness.bus.queue import Message
from harness.faults.answers import GARBAGE
from harness.faults.messages import Brought, MessageDelivery, Takes
from harness.faults.messages.host import Cut, Lost, Taken
from harness.rabbitmq.events import OURS, properties_of
from harness.rabbitmq.frames import Content, content_bytes, method_of
from harness.worlds.wire.rabbitmq.link import AmqpLink

COPY_LIMIT = 0.7
"""The share of the bus's patience in which a copy has to come; then the delivery goes without it."""

RUN, MESSAGE, COPY = f"{OURS}run", f"{OURS}message", f"{OURS}copy"


class Wire(Protocol):
    """What a carrier asks of the bus (`harness.worlds.wire.rabbitmq.bus`)."""

    run: str

    def send(self, message: Message, queue: str | None, marks: dict[str, str | int], /) -> None:
        """Publish. queue: to that one alone."""

    def queue_of(self, entry: Entry, /) -> str:
        """The broker's name of an entry's queue."""

    def locked(self, callback: Callable[[], object], /) -> None:
        """Under the lock of the run, unless it is over."""

    def cut(self, arrival: Arrival, reason: str | None, cut: Cut, lost: Lost, /) -> None:
        """An acknowledgement that is to be lost has come."""


class Arrival:
    """One delivery of the broker, and so a host for its message. entry: None for an extra one."""

    def __init__(
        self, wire: Wire, link: AmqpLink, channel: int, content: Content, *, executor: int, saga_id: str
    ) -> None:
        method = method_of(content.method)
        self.link = link
        self.tag = int(method.delivery_tag or 0)
        self.redelivered = bool(method.redelivered)
        self.queue, self._no_ack = link.consumer(channel, content)
        self.used = self.extra = self.cutting = False
        self._wire = wire
        self._channel = channel
        self._content = content
        self._executor = executor
        self._saga_id = saga_id
        self._delivery: Delivery | None = None
        self._lost: Lost | None = None
        self._cut: Cut | None = None
        self._frames_due: bytes | None = None
        self._held = False

    # As a host --------------------------------------------------------------------------------

    @property
    def executor(self) -> int:
        return self._executor

    @property
    def saga_id(self) -> str:
        return self._saga_id

    @property
    def takes(self) -> Takes:
        return Takes.NOTHING if self.link.gone else Takes.NOW

    @property
    def cuts(self) -> bool:
        return True

    def serves(self, subscription: str) -> bool:
        """It was the broker that chose."""
        del subscription
        return True

    def took(self, delivery: Taken) -> None:
        """Its connection tells when it dies."""

    def put(self, delivery: Delivery, lost: Lost, cut: Cut | None) -> None:
        self._delivery, self._lost, self._cut = delivery, lost, cut
        self._frames_due = self._frames(delivery)
        self.link.soon(self._flush)

    def hold(self) -> bool:
        """Do not hand it over yet; false where it is too late for that."""
        self._held = self._frames_due is not None
        return self._held

    def release(self) -> None:
        """Hand it over now, where it was held."""
        self._held = False
        self._flush()

    def _flush(self) -> None:
        if self._held or self._frames_due is None:
            return
        frames, self._frames_due = self._frames_due, None
        if not self.link.gone:
            self.link.hand_over(self._channel, self.tag, self, frames, no_ack=self._no_ack)
        elif self._lost is not None:
            self._wire.locked(self._lost)

    def end(self, ending: Ending, *, last: bool) -> None:
        """Whoever subscribed is told."""

    def _frames(self, delivery: Delivery) -> bytes:
        """As the broker sent it, with the attempt; unreadable where it is poisoned."""
        properties = self._content.properties
        headers = {
            name: value
            for name, value in (properties.headers or {}).items()
            if not str(name).startswith(OURS) and name != "CC"
        }
        headers[ATTEMPT_HEADER] = delivery.attempt
        properties.headers = headers
        body = self._content.body
        if delivery.event is None:
            properties.message_type = properties.message_id = None
            properties.headers, body = {}, GARBAGE
        return content_bytes(method_of(self._content.method), self._channel, properties, body)

    # As it was handed over ----------------------------------------------------------------------

    def answered(self, reason: str | None, *, requeue: bool = True) -> None:
        """The subscriber did."""
        del requeue  # what comes again, and how often, is the bus's promise
        delivery, cut, lost = self._delivery, self._cut, self._lost
        assert delivery is not None
        assert lost is not None
        if cut is not None:
            self.cutting = True
            self._wire.cut(self, reason, cut, lost)
            return
        self._wire.locked(partial(delivery.done, reason))
        if self.extra:
            self.acknowledge()

    def came_through(self, reason: str | None) -> None:
        """An acknowledgement that was to be lost was not."""
        self.cutting = False
        if self._delivery is not None:
            self._delivery.done(reason)

    def lost(self) -> None:
        if not self.cutting and self._lost is not None:
            self._wire.locked(self._lost)

    # To the broker ------------------------------------------------------------------------------

    def acknowledge(self) -> None:
        """It is done with."""
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        if not (self.link.gone or self._no_ack):
            self.link.tell_broker(Basic.Ack(delivery_tag=self.tag), self._channel)

    def give_back(self, *, requeue: bool) -> None:
        """It is to come again, or goes to the dead letters."""
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        if not (self.link.gone or self._no_ack):
            self.link.tell_broker(Basic.Reject(delivery_tag=self.tag, requeue=requeue), self._channel)


class _Carried:
    """Of one entry. at: the broker's latest delivery of it. wanted: it is due as soon as it is there."""

    __slots__ = ("at", "wanted")

    def __init__(self) -> None:
        self.at: Arrival | None = None
        self.wanted = True


class RabbitCarrier:
    """Of one bus in one run; on the servers' loop, under the lock of the run."""

    def __init__(self, line: Brought, wire: Wire) -> None:
        self._line = line
        self._wire = wire
        self._messages: dict[int, Message] = {}
        self._entries: dict[tuple[int, str], Entry] = {}
        self._carried: dict[int, _Carried] = {}
        self._copies: dict[int, tuple[MessageDelivery, Arrival | None]] = {}
        self._numbers = count(1)

    # What the line says -----------------------------------------------------------------------

    def published(self, message: Message, entries: Sequence[Entry]) -> None:
        self._messages[message.number] = message
        for entry in entries:
            self._entries[message.number, self._wire.queue_of(entry)] = entry
            self._carried[id(entry)] = _Carried()
        self._wire.send(message, None, {MESSAGE: message.number})

    def bring(self, entry: Entry, after_s: float) -> None:
        self._line.timers.call_later(after_s, partial(self._want, entry))

    def bring_extra(self, delivery: MessageDelivery, after_s: float) -> None:
        at = self._carried[id(delivery.entry)].at
        with_it = at if at is not None and not after_s and at.hold() else None
        self._line.timers.call_later(after_s, partial(self._copy, delivery, with_it))

    def acknowledged(self, entry: Entry) -> None:
        carried = self._carried[id(entry)]
        if carried.at is not None:
            carried.at.acknowledge()
            carried.at = None

    def dead(self, entry: Entry) -> None:
        carried = self._carried[id(entry)]
        if carried.at is not None:
            carried.at.give_back(requeue=False)
            carried.at = None

    # What the broker brings -------------------------------------------------------------------

    def arrived(self, arrival: Arrival, message: int, copy: int | None) -> None:
        """A message of this run. copy: its number, where it was published once more."""
        if copy is not None:
            delivery, with_it = self._copies.pop(copy, (None, None))
            arrival.extra = True
            if with_it is not None:
                with_it.release()
            if delivery is None:
                arrival.acknowledge()  # handed over before, to somebody who died
            else:
                delivery.hand_over_extra(arrival)
            return
        entry = self._entries.get((message, arrival.queue)) or self._routed(message, arrival.queue)
        if entry.over:
            arrival.acknowledge()
            return
        carried = self._carried[id(entry)]
        carried.at = arrival
        if carried.wanted:
            self._try(entry, carried)

    def _routed(self, number: int, queue: str) -> Entry:
        """The queue was bound before the run, or just now."""
        entry = self._line.routed(self._messages[number], queue)
        self._entries[number, queue] = entry
        self._carried[id(entry)] = _Carried()
        return entry

    def _want(self, entry: Entry) -> None:
        carried = self._carried[id(entry)]
        carried.wanted = True
        at = carried.at
        if at is None:
            return
        if at.used or at.link.gone:
            carried.at = None
            at.give_back(requeue=True)
        else:
            self._try(entry, carried)

    def _try(self, entry: Entry, carried: _Carried) -> None:
        assert carried.at is not None
        at = carried.at
        at.used, carried.wanted = True, False
        if not self._line.arrived(entry, at):
            at.used, carried.wanted = False, True

    def _copy(self, delivery: MessageDelivery, with_it: Arrival | None) -> None:
        """with_it: a delivery that is to be handed over together with the copy."""
        number = next(self._numbers)
        self._copies[number] = delivery, with_it
        if with_it is not None:
            self._line.timers.call_later(COPY_LIMIT * self._line.waits_s, with_it.release)
        message = delivery.entry.message
        self._wire.send(message, self._wire.queue_of(delivery.entry), {MESSAGE: message.number, COPY: number})


def properties_for(message: Message, marks: dict[str, str | int]) -> tuple[object, bytes]:
    """The properties and the body with which a message is published."""
    request = delivery_of(message.event, message.carried)
    return properties_of(request.headers, marks), request.body
