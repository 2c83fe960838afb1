"""The effect is applied, the reply's body is unreadable."""

from __future__ import annotations

from harness.faults.limits import only_bodies
from harness.plan.decision import Decision
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(garble=True)


KIND = FaultKind(
    name="garbage",
    meaning="the effect is applied, the reply's body is unreadable",
    decide=_decide,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_bodies,
)
