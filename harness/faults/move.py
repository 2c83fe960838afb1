"""The saga's process dies once its call was applied, and is resumed on another node."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import struck_at
from harness.faults.limits import only_actions_found_again
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return struck_at(Blow.MOVE, Boundary.APPLIED)


KIND = FaultKind(
    name="move",
    meaning="the process dies, and is resumed on another node: same store, new host name, pid and ports",
    treat=_treat,
    claim=Claim.OTHER_NODE,
    in_doubt=True,
    blow=Blow.MOVE,
    counts=(1,),
    impossible=only_actions_found_again,
)
