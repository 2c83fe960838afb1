"""The decision on one call: what a fault kind means, the same in both worlds.

The fault injector of a participant (`harness.faults.injector`) applies it; the sim world shows `Symptom` as
an
httpx exception, the wire world as a toxic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.participant.messages import Response
from harness.process_faults import Boundary, ProcessFault


class Delivery(StrEnum):
    """Whether and when the request reaches the participant."""

    NOW = "now"
    NEVER = "never"
    AFTER_RETRY = "after_retry"  # the sender's next call of that operation for that step
    AFTER_UNDO = "after_undo"  # an undo of that step was acknowledged
    SETTLING = "settling"

    @property
    def held(self) -> bool:
        """Comes later than the sender waits."""
        return self not in (Delivery.NOW, Delivery.NEVER)


class Copy(StrEnum):
    """When a second delivery of the same request comes."""

    AT_ONCE = "at_once"  # before the reply is sent
    CONCURRENT = "concurrent"  # before the original is handled
    AFTER_REPLY = "after_reply"


class Symptom(StrEnum):
    """What the caller sees in place of a prompt, whole reply."""

    NONE = "none"
    REFUSED = "refused"  # ConnectError
    SILENCE = "silence"  # ReadTimeout
    RESET = "reset"  # ReadError
    CUT = "cut"  # RemoteProtocolError
    DELAYED = "delayed"  # late, but inside the time-out


class MessageFault(StrEnum):
    """What becomes of one delivery of a message; what is not said here is the bus's to do."""

    DROP = "drop"  # it reaches nobody
    COPY = "copy"  # it comes a second time, by `MessageTime`
    LATE = "late"  # it reaches nobody in time, and comes by `MessageTime`
    REORDER = "reorder"  # once another message has overtaken it
    DELAY = "delay"
    LOSE_ACK = "lose_ack"  # handled, and the bus never gets the acknowledgement
    POISON = "poison"  # nobody can read it, now or later


class MessageTime(StrEnum):
    """When a copy comes, or what was late."""

    AT_ONCE = "at_once"  # beside the first
    AFTER_ACK = "after_ack"  # the bus has heard of the first
    AFTER_END = "after_end"  # every other message of the saga was handled
    SETTLING = "settling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How late a reply is: a share of the caller's read time-out, or seconds; else as the world has it.

    A share above 1 comes when the caller has left.
    """

    share: float | None = None
    seconds: float | None = None

    def of_s(self, timeout_s: float) -> float:
        """Seconds from the request to the reply, for a caller that waits so long: half of that by default."""
        if self.seconds is not None:
            return self.seconds
        return timeout_s * (0.5 if self.share is None else self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The default lets a call pass. `answer` replaces the participant's reply.

    dies: the participant's process, with this call; one that is ours is only away.
    delay: of a reply whose symptom is to be late.
    process_fault: what strikes the executor that sent the call, at `boundary`.
    message: of a delivery of a message; `message_time` where it comes once more, or later.
    """

    delivery: Delivery = Delivery.NOW
    copy: Copy | None = None
    part: bool = False
    dies: bool = False
    answer: Response | None = None
    garble: bool = False
    symptom: Symptom = Symptom.NONE
    delay: Delay = Delay()
    process_fault: ProcessFault | None = None
    boundary: Boundary = Boundary.ON_ARRIVAL
    message: MessageFault | None = None
    message_time: MessageTime = MessageTime.AT_ONCE


PASS = Decision()

SWALLOWED = Decision(delivery=Delivery.NEVER, symptom=Symptom.SILENCE)
"""The decision on a request that an executor sends just as it is struck."""
