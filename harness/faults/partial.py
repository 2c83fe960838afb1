"""The first of several sub-effects is applied, then a 5xx."""

from __future__ import annotations

from harness.faults.limits import only_actions_with_parts
from harness.plan.decision import Decision
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(part=True)


KIND = FaultKind(
    name="partial",
    meaning="the first of several sub-effects is applied, then a 5xx",
    decide=_decide,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_actions_with_parts,
)
