"""The effect is applied, the reply's body is unreadable."""

from __future__ import annotations

from harness.faults.limits import only_bodies
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(garble=True)


KIND = FaultKind(
    name="garbage",
    meaning="the effect is applied, the reply's body is unreadable",
    treat=_treat,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_bodies,
)
