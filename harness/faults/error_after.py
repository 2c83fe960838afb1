"""A 5xx with the effect applied."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.participant import Answers
from harness.plan.decision import Decision
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _decide(variant: str, target: Target | None) -> Decision:
    del variant
    answers = Answers() if target is None else target.operation.resource.answers
    return Decision(answer=answers.refusal(500, "internal error"))


KIND = FaultKind(
    name="error_after",
    meaning="a 5xx with the effect applied",
    decide=_decide,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    impossible=only_actions_found_again,
)
