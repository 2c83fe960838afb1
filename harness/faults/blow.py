"""What becomes of the call at which a blow strikes: nothing, or an effect without a reply.

One rule for every kind that befalls the process; each kind says which blow, and where its variants strike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.blows import Blow, Boundary
from harness.plan.moments import moment_of
from harness.plan.treatment import Delivery, Symptom, Treatment
from harness.plan.types import Target


def dealing(blow: Blow, where: Mapping[str, Boundary]) -> Callable[[str, Target | None], Treatment]:
    """The `treat` of a kind: `where` maps each variant to its boundary, moments between two calls aside."""

    def treat(variant: str, target: Target | None) -> Treatment:
        del target
        moment = moment_of(variant)
        if moment is not None:
            return Treatment(blow=blow, boundary=Boundary.STARTED if moment.first else Boundary.BETWEEN)
        return _struck_at(blow, where[variant])

    return treat


def _struck_at(blow: Blow, boundary: Boundary) -> Treatment:
    """A call is applied from `applied` on, and answered from `answered` on; a second start harms none."""
    if blow is Blow.START_AGAIN or boundary in (Boundary.ANSWERED, Boundary.ENDED):
        return Treatment(blow=blow, boundary=boundary)
    applied = boundary is Boundary.APPLIED
    delivery = Delivery.NOW if applied else Delivery.NEVER
    return Treatment(delivery=delivery, symptom=Symptom.SILENCE, blow=blow, boundary=boundary)
