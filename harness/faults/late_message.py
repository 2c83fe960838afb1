"""A delivery reaches nobody in time: the message comes again, and the first delivery once all is over."""

from __future__ import annotations

from harness.faults.limits import only_without_order
from harness.plan.decision import Decision, MessageFault, MessageTime
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del target
    return Decision(message=MessageFault.LATE, message_time=MessageTime(variant))


KIND = FaultKind(
    name="late_message",
    meaning="the delivery comes after the saga has ended, and another one of the message before that",
    decide=_decide,
    deliveries=True,
    variants=(MessageTime.AFTER_END.value, MessageTime.SETTLING.value),
    counts=(1,),
    impossible=only_without_order,
)
