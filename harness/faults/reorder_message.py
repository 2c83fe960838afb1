"""A delivery is held back until another message of the saga has overtaken it.

Where none comes while the bus waits for the acknowledgement, it was a delay, and is recorded as that.
"""

from __future__ import annotations

from harness.faults.limits import only_without_order
from harness.plan.decision import Decision, MessageFault
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(message=MessageFault.REORDER)


KIND = FaultKind(
    name="reorder_message",
    meaning="the message is held back until another one of the saga has overtaken it",
    decide=_decide,
    deliveries=True,
    counts=(1,),
    impossible=only_without_order,
)
