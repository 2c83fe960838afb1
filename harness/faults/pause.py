"""The saga's process freezes, another executor resumes and ends, then the first one wakes."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import struck_at
from harness.faults.limits import only_actions_found_again
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del target
    return struck_at(Blow.FREEZE, Boundary(variant))


KIND = FaultKind(
    name="pause",
    meaning="the process freezes, a second executor resumes and ends, then the first one wakes",
    treat=_treat,
    claim=Claim.RETRY_ELSEWHERE,
    in_doubt=True,
    blow=Blow.FREEZE,
    variants=("on_arrival", "applied", "answered"),
    counts=(1,),
    impossible=only_actions_found_again,
)
