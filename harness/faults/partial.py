"""The first of several sub-effects is applied, then a 5xx."""

from __future__ import annotations

from harness.faults.limits import only_actions_with_parts
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(part=True)


KIND = FaultKind(
    name="partial",
    meaning="the first of several sub-effects is applied, then a 5xx",
    treat=_treat,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_actions_with_parts,
)
