"""What becomes of the call at which a blow strikes: nothing, or an effect without a reply."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.plan.treatment import Delivery, Symptom, Treatment


def struck_at(blow: Blow, boundary: Boundary) -> Treatment:
    """A call is applied from `applied` on, and answered from `answered` on; a second start harms none."""
    if blow is Blow.START_AGAIN or boundary in (Boundary.ANSWERED, Boundary.ENDED):
        return Treatment(blow=blow, boundary=boundary)
    applied = boundary is Boundary.APPLIED
    delivery = Delivery.NOW if applied else Delivery.NEVER
    return Treatment(delivery=delivery, symptom=Symptom.SILENCE, blow=blow, boundary=boundary)
