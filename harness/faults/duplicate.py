"""The request is delivered a second time: at once, concurrently, or after the reply."""

from __future__ import annotations

from harness.faults.limits import only_repeatable
from harness.plan.decision import Copy, Decision
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del target
    return Decision(copy=Copy(variant))


KIND = FaultKind(
    name="duplicate",
    meaning="the request is delivered again",
    decide=_decide,
    variants=tuple(one.value for one in Copy),
    counts=(1,),
    impossible=only_repeatable,
)
