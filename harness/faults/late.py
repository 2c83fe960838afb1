"""The request is held and delivered after its sender gave up."""

from __future__ import annotations

from harness.faults.limits import only_surviving_late
from harness.plan.decision import Decision, Delivery, Symptom
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _decide(variant: str, target: Target | None) -> Decision:
    del target
    return Decision(delivery=Delivery(variant), symptom=Symptom.SILENCE)


KIND = FaultKind(
    name="late",
    meaning="held, delivered after the sender gave up: after its retry, after its undo, or while settling",
    decide=_decide,
    claim=Claim.LOST_REPLY,
    in_doubt=True,
    variants=tuple(one.value for one in Delivery if one.held),
    impossible=only_surviving_late,
)
