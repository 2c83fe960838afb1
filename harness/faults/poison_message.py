"""A message that no handler can read: each delivery of it is refused, until it is a dead letter."""

from __future__ import annotations

from harness.plan.decision import Decision, MessageFault
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(message=MessageFault.POISON)


KIND = FaultKind(
    name="poison_message",
    meaning="no handler can read the message: it is refused until it goes to the dead letters",
    decide=_decide,
    deliveries=True,
    counts=(1,),
)
