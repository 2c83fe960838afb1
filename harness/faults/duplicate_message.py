"""A message is delivered twice: at once, after its acknowledgement, after the end, or while settling."""

from __future__ import annotations

from harness.plan.decision import Decision, MessageFault, MessageTime
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del target
    return Decision(message=MessageFault.COPY, message_time=MessageTime(variant))


KIND = FaultKind(
    name="duplicate_message",
    meaning="the message is delivered once more: at once, after its acknowledgement, or after the end",
    decide=_decide,
    deliveries=True,
    variants=tuple(one.value for one in MessageTime),
    counts=(1,),
)
