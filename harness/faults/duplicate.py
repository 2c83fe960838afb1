"""The request is delivered a second time: at once, concurrently, or after the reply."""

from __future__ import annotations

from harness.faults.limits import only_repeatable
from harness.plan.treatment import Copy, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del target
    return Treatment(copy=Copy(variant))


KIND = FaultKind(
    name="duplicate",
    meaning="the request is delivered again",
    treat=_treat,
    variants=tuple(one.value for one in Copy),
    counts=(1,),
    impossible=only_repeatable,
)
