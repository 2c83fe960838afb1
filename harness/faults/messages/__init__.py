"""Deliveries of messages: what a fault means for them, and what comes next, in both worlds.

`MessageLine` takes each message from its publication to its acknowledgement; a world brings `Timers`, a
`Host` for whoever takes messages and, where a broker is there for real, a `Carrier`. Refuses to know clocks
and sockets.
"""

from harness.faults.messages.carrier import Brought, Carrier
from harness.faults.messages.delivery import MessageDelivery
from harness.faults.messages.host import EVERY_SAGA, Host, Takes, Timers
from harness.faults.messages.line import MessageLine

__all__ = ["EVERY_SAGA", "Brought", "Carrier", "Host", "MessageDelivery", "MessageLine", "Takes", "Timers"]
