"""The saga's caller cancels it in the middle of a call."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import struck_at
from harness.faults.limits import only_actions_found_again
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del target
    return struck_at(Blow.CANCEL, Boundary(variant))


KIND = FaultKind(
    name="cancel",
    meaning="the caller cancels in the middle of a call",
    treat=_treat,
    claim=Claim.CANCEL,
    in_doubt=True,
    blow=Blow.CANCEL,
    variants=("on_arrival", "applied"),
    counts=(1,),
    impossible=only_actions_found_again,
)
