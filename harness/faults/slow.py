"""The reply comes late: by a share of the caller's read time-out, or by a number of milliseconds.

Unless a variant says otherwise, by half of the time-out in sim and by 50 ms on the wire. A reply that
comes once the caller has left is a lost one, and is recorded as that.
"""

from __future__ import annotations

from harness.plan.decision import Decision, Delay, Symptom
from harness.plan.measure import Measure
from harness.plan.types import FaultKind, Target

PERCENT = Measure(unit="%", least=1, most=300)
MILLISECONDS = Measure(unit="ms", least=1, most=60_000)


def _decide(variant: str, target: Target | None) -> Decision:
    del target
    percent, ms = PERCENT.number(variant), MILLISECONDS.number(variant)
    if percent is not None:
        return Decision(symptom=Symptom.DELAYED, delay=Delay(share=percent / 100))
    if ms is not None:
        return Decision(symptom=Symptom.DELAYED, delay=Delay(seconds=ms / 1000))
    return Decision(symptom=Symptom.DELAYED, delay=Delay())


KIND = FaultKind(
    name="slow",
    meaning="the reply comes late",
    decide=_decide,
    variants=("10%", "50%", "95%"),
    wire_variants=("latency", "bandwidth", "slicer", "slow_close"),
    unnamed="latency",
    measures=(PERCENT, MILLISECONDS),
)
