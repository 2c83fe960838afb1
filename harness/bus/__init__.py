"""An at-least-once message bus as a participant: what it promises, what it holds, what it does next.

Owns the bus that sagas publish to (`Bus`), and the queue that decides which message is due, which comes again
and which goes to the dead letters (`MessageQueue`): one meaning for both worlds. Refuses to know clocks,
sockets and faults: a world moves the messages, and says what became of each delivery.
"""

from harness.bus.participant import Bus
from harness.bus.promise import Broker, BrokerKind, Keeping, Promise
from harness.bus.queue import Entry, MessageQueue
from harness.bus.types import DELIVER, EventStep, Subscriber

__all__ = [
    "DELIVER",
    "Broker",
    "BrokerKind",
    "Bus",
    "Entry",
    "EventStep",
    "Keeping",
    "MessageQueue",
    "Promise",
    "Subscriber",
]
