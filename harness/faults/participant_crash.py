"""The participant's process dies in the middle of a call, and restarts after n calls found nobody."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.participant.resource import Own
from harness.plan.decision import Decision, Delivery, Symptom
from harness.plan.types import FaultKind, Target
from harness.saga import Claim

_AWAY = Decision(delivery=Delivery.NEVER, symptom=Symptom.REFUSED)


def _decide(variant: str, target: Target | None) -> Decision:
    del target
    delivery = Delivery.NOW if variant == "applied" else Delivery.NEVER
    return Decision(delivery=delivery, symptom=Symptom.RESET, dies=True)


def _impossible(target: Target) -> str | None:
    if target.operation.resource.own is Own.AT_URL:
        return "the service is your own, at a url, and only what is started here can be killed"
    return only_actions_found_again(target)


KIND = FaultKind(
    name="participant_crash",
    meaning="the participant dies in the middle of a call, and is back after n calls found nobody",
    decide=_decide,
    claim=Claim.PROCESS_DEATH,
    in_doubt=True,
    whole_participant=True,
    then=_AWAY,
    variants=("on_arrival", "applied"),
    impossible=_impossible,
)
