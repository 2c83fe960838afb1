"""What becomes of the call at which a process fault strikes: nothing, or an effect without a reply.

One rule for every kind that strikes the process; each kind says which process fault, and where its variants
strike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.plan.decision import Decision, Delivery, Symptom
from harness.plan.moments import moment_of
from harness.plan.types import Target
from harness.process_faults import Boundary, ProcessFault


def dealing(
    process_fault: ProcessFault, where: Mapping[str, Boundary]
) -> Callable[[str, Target | None], Decision]:
    """The `decide` of a kind: `where` maps each variant to its boundary, moments between two calls aside."""

    def decide(variant: str, target: Target | None) -> Decision:
        del target
        moment = moment_of(variant)
        if moment is not None:
            return Decision(
                process_fault=process_fault, boundary=Boundary.STARTED if moment.first else Boundary.BETWEEN
            )
        return _struck_at(process_fault, where[variant])

    return decide


def _struck_at(process_fault: ProcessFault, boundary: Boundary) -> Decision:
    """A call is applied from `applied` on, and answered from `answered` on; a second start harms none."""
    if process_fault is ProcessFault.START_AGAIN or boundary in (Boundary.ANSWERED, Boundary.ENDED):
        return Decision(process_fault=process_fault, boundary=boundary)
    applied = boundary is Boundary.APPLIED
    delivery = Delivery.NOW if applied else Delivery.NEVER
    return Decision(
        delivery=delivery, symptom=Symptom.SILENCE, process_fault=process_fault, boundary=boundary
    )
