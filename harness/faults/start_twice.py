"""The same saga is started once more: at once, later, or after its end."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import struck_at
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim

_WHEN = {"at_once": Boundary.ON_ARRIVAL, "later": Boundary.ANSWERED, "after_end": Boundary.ENDED}


def _treat(variant: str, target: Target | None) -> Treatment:
    del target
    return struck_at(Blow.START_AGAIN, _WHEN[variant])


KIND = FaultKind(
    name="start_twice",
    meaning="the same id is started once more",
    treat=_treat,
    claim=Claim.DUPLICATE_START,
    blow=Blow.START_AGAIN,
    variants=tuple(_WHEN),
    counts=(1,),
)
