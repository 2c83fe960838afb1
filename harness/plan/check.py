"""Refuses a plan that names what is not there, before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.errors import PlanError, misplaced, nearest
from harness.plan.types import Fault, FaultKind, FaultPlan, Lasting

MOST_FAULTS = 8


def check_plan(plan: FaultPlan, *, operations: Collection[str], kinds: Mapping[str, FaultKind]) -> None:
    """Raise PlanError where a fault names an unknown operation, kind or variant, or counts below 1."""
    if len(plan.faults) > MOST_FAULTS:
        raise PlanError(misplaced("plan", len(plan.faults), f"at most {MOST_FAULTS} faults"))
    for index, fault in enumerate(plan.faults):
        _check_fault(fault, f"plan, fault {index + 1}", operations, kinds)


def _check_fault(
    fault: Fault, where: str, operations: Collection[str], kinds: Mapping[str, FaultKind]
) -> None:
    if fault.operation not in operations:
        raise PlanError(
            misplaced(f"{where}, operation", fault.operation, nearest(fault.operation, operations))
        )
    kind = kinds.get(fault.kind)
    if kind is None:
        raise PlanError(misplaced(f"{where}, kind", fault.kind, nearest(fault.kind, kinds)))
    if not kind.accepts(fault.variant):
        measures = "".join(f", or {measure}" for measure in kind.measures)
        expected = nearest(fault.variant, kind.all_variants) + measures
        raise PlanError(misplaced(f"{where}, variant", fault.variant, expected))
    if fault.nth < 1:
        raise PlanError(misplaced(f"{where}, nth", fault.nth, "a call number, counted from 1"))
    if not isinstance(fault.count, Lasting) and fault.count < 1:
        raise PlanError(misplaced(f"{where}, count", fault.count, "at least 1 call, or 'for_ever'"))
