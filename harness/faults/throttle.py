"""A 429 or 503 with Retry-After, without the effect: a second, or longer than most sagas like to wait."""

from __future__ import annotations

import msgspec

from harness.participant import Answers
from harness.plan.decision import Decision, Delivery
from harness.plan.types import FaultKind, Target

RETRY_AFTER_S = 1
LONG_RETRY_AFTER_S = 30
LONG = f"429:{LONG_RETRY_AFTER_S}s"
"""Virtual seconds cost nothing, so this is of sim alone."""


def _decide(variant: str, target: Target | None) -> Decision:
    status, _, long = variant.partition(":")
    seconds = LONG_RETRY_AFTER_S if long else RETRY_AFTER_S
    answers = Answers() if target is None else target.operation.resource.answers
    answer = msgspec.structs.replace(
        answers.refusal(int(status), "slow down"), headers=(("retry-after", str(seconds)),)
    )
    return Decision(delivery=Delivery.NEVER, answer=answer)


KIND = FaultKind(
    name="throttle",
    meaning="429 or 503 with Retry-After",
    decide=_decide,
    variants=("429", "503", LONG),
    siblings={LONG: "429"},
    wire_variants=("429", "503"),
)
