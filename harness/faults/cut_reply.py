"""The effect is applied, the reply is cut short."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.plan.decision import Decision, Symptom
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(symptom=Symptom.CUT)


KIND = FaultKind(
    name="cut_reply",
    meaning="the effect is applied, the reply is cut short",
    decide=_decide,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_actions_found_again,
)
