"""The participant's process dies in the middle of a call, and restarts after n calls found nobody."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.plan.treatment import Delivery, Symptom, Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim

_AWAY = Treatment(delivery=Delivery.NEVER, symptom=Symptom.REFUSED)


def _treat(variant: str, target: Target | None) -> Treatment:
    del target
    delivery = Delivery.NOW if variant == "applied" else Delivery.NEVER
    return Treatment(delivery=delivery, symptom=Symptom.RESET)


KIND = FaultKind(
    name="participant_crash",
    meaning="the participant dies in the middle of a call, and is back after n calls found nobody",
    treat=_treat,
    claim=Claim.PROCESS_DEATH,
    in_doubt=True,
    whole_participant=True,
    then=_AWAY,
    variants=("on_arrival", "applied"),
    impossible=only_actions_found_again,
)
