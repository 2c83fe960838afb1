"""A delivery takes its time: a share of that for which the bus waits for an acknowledgement.

Half of it unless a variant says otherwise; beyond it the message comes a second time meanwhile.
"""

from __future__ import annotations

from harness.faults.slow import MILLISECONDS, PERCENT
from harness.plan.decision import Decision, Delay, MessageFault
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del target
    percent, ms = PERCENT.number(variant), MILLISECONDS.number(variant)
    if percent is not None:
        return Decision(message=MessageFault.DELAY, delay=Delay(share=percent / 100))
    if ms is not None:
        return Decision(message=MessageFault.DELAY, delay=Delay(seconds=ms / 1000))
    return Decision(message=MessageFault.DELAY)


KIND = FaultKind(
    name="delay_message",
    meaning="the message is delivered late",
    decide=_decide,
    deliveries=True,
    variants=("50%", "150%"),
    counts=(1,),
    measures=(PERCENT, MILLISECONDS),
)
