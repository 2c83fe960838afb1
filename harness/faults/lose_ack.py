"""The handler dies after its effect and before its acknowledgement: the message comes again."""

from __future__ import annotations

from harness.plan.decision import Decision, MessageFault
from harness.plan.types import FaultKind, Lasting, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(message=MessageFault.LOSE_ACK)


KIND = FaultKind(
    name="lose_ack",
    meaning="the handler dies after its effect and before its acknowledgement: the message comes again",
    decide=_decide,
    deliveries=True,
    counts=(1, 2, Lasting.FOR_EVER),
)
