"""The effect is applied, the reply is lost."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.plan.treatment import Symptom, Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(symptom=Symptom.SILENCE)


KIND = FaultKind(
    name="lose_reply",
    meaning="the effect is applied, the reply is lost",
    treat=_treat,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_actions_found_again,
)
