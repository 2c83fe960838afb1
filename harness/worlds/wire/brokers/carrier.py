"""Messages that a broker brings: from its delivery to its own acknowledgement.

The broker delivers when it likes; a message is kept in front of its subscriber until the line of messages
says that it is due. What is to come again stays with the broker, which delivers it again: RabbitMQ by a
negative acknowledgement, Redis when it is claimed, each where a connection was cut. Owns which delivery of
the broker stands for which message. Refuses to know why something comes again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Protocol

from harness.adapter.inbox import Delivery, Ending
from harness.brokers.marks import COPY, MESSAGE
from harness.bus import Entry
from harness.bus.queue import EntryState, Message
from harness.faults.messages import Brought, MessageDelivery, Takes
from harness.faults.messages.host import Cut, Lost, Silenced, Taken

COPY_LIMIT = 0.7
"""The share of the bus's patience in which a copy has to come; then the delivery goes without it."""


class Wire(Protocol):
    """What a carrier asks of the bus (`harness.worlds.wire.brokers.bus`)."""

    run: str

    def send(self, message: Message, queue: str | None, marks: dict[str, str | int], /) -> None:
        """Publish. queue: to that one alone."""

    def queue_of(self, entry: Entry, /) -> str:
        """The broker's name of an entry's queue."""

    def locked(self, callback: Callable[[], object], /) -> None:
        """Under the lock of the run, unless it is over."""

    def cut(self, arrival: Arrival, reason: str | None, cut: Cut, lost: Lost, /) -> None:
        """An acknowledgement that is to be lost has come."""


class Arrival(ABC):
    """One delivery of the broker, and so a host for its message. queue: that it came from.

    redelivered: the broker says so. extra: it stands for no entry, and came once more.
    """

    def __init__(self, wire: Wire, *, queue: str, redelivered: bool, executor: int, saga_id: str) -> None:
        self.queue = queue
        self.redelivered = redelivered
        self.used = self.extra = self.cutting = False
        self._wire = wire
        self._executor = executor
        self._saga_id = saga_id
        self._delivery: Delivery | None = None
        self._lost: Lost | None = None
        self._cut: Cut | None = None
        self._due: Delivery | None = None
        self._held = False

    # What each broker says --------------------------------------------------------------------

    @property
    @abstractmethod
    def gone(self) -> bool:
        """Whether its consumer has left."""

    @abstractmethod
    def _soon(self, callback: Callable[[], object]) -> None:
        """Call it once what goes on now is over."""

    @abstractmethod
    def _hand_over(self, delivery: Delivery) -> None:
        """To the client, as the broker sent it, with the attempt; unreadable where it is poisoned."""

    @abstractmethod
    def acknowledge(self) -> None:
        """To the broker: it is done with."""

    @abstractmethod
    def give_back(self, *, requeue: bool) -> None:
        """To the broker: it is to come again, or goes to the dead letters."""

    @abstractmethod
    def pulse(self) -> None:
        """A byte to its client, for a toxic to strike at: of the connection that acknowledged it."""

    @abstractmethod
    async def left(self, limit_s: float) -> bool:
        """Whether that connection is gone, within so many seconds."""

    # As a host --------------------------------------------------------------------------------

    @property
    def executor(self) -> int:
        return self._executor

    @property
    def saga_id(self) -> str:
        return self._saga_id

    @property
    def takes(self) -> Takes:
        return Takes.NOTHING if self.gone else Takes.NOW

    @property
    def cuts(self) -> bool:
        return True

    def serves(self, subscription: str) -> bool:
        """It was the broker that chose."""
        del subscription
        return True

    def took(self, delivery: Taken) -> None:
        """Its connection tells when it dies."""
        del delivery

    def put(self, delivery: Delivery, lost: Lost, cut: Cut | None) -> None:
        self._delivery, self._lost, self._cut = delivery, lost, cut
        self._due = delivery
        self._soon(self._flush)

    def send_into_silence(self, delivery: Delivery, lost: Lost, silenced: Silenced) -> bool:
        """It is kept from its client, and given back once the bus has waited."""
        del delivery, lost, silenced
        return False

    def hold(self) -> bool:
        """Do not hand it over yet; false where it is too late for that."""
        self._held = self._due is not None
        return self._held

    def release(self) -> None:
        """Hand it over now, where it was held."""
        self._held = False
        self._flush()

    def _flush(self) -> None:
        if self._held or self._due is None:
            return
        delivery, self._due = self._due, None
        if not self.gone:
            self._hand_over(delivery)
        elif self._lost is not None:
            self._wire.locked(self._lost)

    def end(self, ending: Ending, *, last: bool) -> None:
        """Whoever subscribed is told."""
        del ending, last

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
        """The connection of its subscriber is over."""
        if not self.cutting and self._lost is not None:
            self._wire.locked(self._lost)


class _Carried:
    """Of one entry. at: the broker's latest delivery of it. wanted: it is due as soon as it is there."""

    __slots__ = ("at", "wanted")

    def __init__(self) -> None:
        self.at: Arrival | None = None
        self.wanted = True


class BrokerCarrier:
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

    def saga_of(self, number: int) -> str:
        """Of a message of this run."""
        return self._messages[number].saga_id

    def acknowledged_late(self, queue: str, message: int) -> None:
        """Its delivery was over before, and it has not come again: the broker takes it as done with."""
        entry = self._entries.get((message, queue))
        if entry is not None and entry.state is EntryState.WAITING:
            self._line.acknowledged(entry)

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
        if at.used or at.gone:
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
