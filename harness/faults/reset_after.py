"""The connection is reset, with the effect applied."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.plan.decision import Decision, Symptom
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(symptom=Symptom.RESET)


KIND = FaultKind(
    name="reset_after",
    meaning="the connection is reset, with the effect applied",
    decide=_decide,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_actions_found_again,
)
