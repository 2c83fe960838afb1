"""The saga's process dies once its call was applied, and two executors resume it at once."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import struck_at
from harness.faults.limits import only_actions_found_again
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return struck_at(Blow.RACE, Boundary.APPLIED)


KIND = FaultKind(
    name="race",
    meaning="the process dies, and two executors resume it at once",
    treat=_treat,
    claim=Claim.RETRY_ELSEWHERE,
    in_doubt=True,
    blow=Blow.RACE,
    counts=(1,),
    impossible=only_actions_found_again,
)
