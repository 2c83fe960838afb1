"""Fault plans: pure data that says what goes wrong, where and for how long.

Owns `Fault`, `FaultKind`, `Preemption`, `FaultPlan`, their check and their file form. Refuses to know what a
kind does to a call (each kind's own module in `harness.faults`) and to draw anything at random
(`harness.strategies`).
"""

from harness.plan.check import check_plan
from harness.plan.codec import (
    PlannedFault,
    PlannedPreemption,
    from_planned,
    plan_from_json,
    plan_to_json,
    planned_preemptions,
    to_planned,
)
from harness.plan.types import Fault, FaultKind, FaultPlan, Lasting, Preemption, Site, Target

__all__ = [
    "Fault",
    "FaultKind",
    "FaultPlan",
    "Lasting",
    "PlannedFault",
    "PlannedPreemption",
    "Preemption",
    "Site",
    "Target",
    "check_plan",
    "from_planned",
    "plan_from_json",
    "plan_to_json",
    "planned_preemptions",
    "to_planned",
]
