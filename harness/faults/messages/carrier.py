"""Who brings a message to its subscriber: the timers of a world, or a broker that is there for real.

`MessageLine` says what is to be delivered, and how often; a carrier, how it gets there. A broker delivers
when it likes: it says so by `MessageLine.arrived`. Owns the protocol, and the carrier that needs no broker.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from harness.bus import Entry
from harness.bus.queue import Message
from harness.faults.messages.delivery import MessageDelivery
from harness.faults.messages.host import Host, Timers


class Carrier(Protocol):
    """Of one bus in one run."""

    def published(self, message: Message, entries: Sequence[Entry], /) -> None:
        """A message was accepted. entries: one for each subscription that is to get it."""

    def bring(self, entry: Entry, after_s: float, /) -> None:
        """It is to be delivered after so many seconds: for the first time, or again."""

    def bring_extra(self, delivery: MessageDelivery, after_s: float, /) -> None:
        """Its message is to come to its subscription once more, apart from what the queue says."""

    def acknowledged(self, entry: Entry, /) -> None:
        """The bus heard that it was handled."""

    def dead(self, entry: Entry, /) -> None:
        """It goes to the dead letters."""


class Brought(Protocol):
    """What a carrier tells (`harness.faults.messages.line`)."""

    timers: Timers
    way_s: float
    waits_s: float

    def due(self, entry: Entry) -> None:
        """It is there: deliver it to whoever takes it."""

    def extra_due(self, delivery: MessageDelivery) -> None:
        """The same, once more."""

    def acknowledged(self, entry: Entry) -> None:
        """The bus heard that it was handled, of a delivery for which nobody waits any more."""

    def routed(self, message: Message, subscription: str) -> Entry:
        """A broker routed a message to a subscription that nobody had told of."""

    def arrived(self, entry: Entry, host: Host) -> bool:
        """A broker brought it to a host of its choice. Whether it may be delivered now, and so was."""


class TimedCarrier:
    """Brings each message when its time has come."""

    def __init__(self, line: Brought) -> None:
        self._line = line

    def published(self, message: Message, entries: Sequence[Entry]) -> None:
        """Nobody else has to know."""
        del message
        for entry in entries:
            self.bring(entry, 0.0)

    def bring(self, entry: Entry, after_s: float) -> None:
        self._line.timers.call_later(after_s + self._line.way_s, partial(self._line.due, entry))

    def bring_extra(self, delivery: MessageDelivery, after_s: float) -> None:
        self._line.timers.call_later(after_s, partial(self._line.extra_due, delivery))

    def acknowledged(self, entry: Entry) -> None:
        """The queue knows."""

    def dead(self, entry: Entry) -> None:
        """The queue knows."""
