"""Plans that make a saga abort: a permanent business refusal of one step."""

from __future__ import annotations

from harness.faults.enabled import enabled_faults
from harness.plan import Fault, FaultPlan, Lasting
from harness.saga import Step
from harness.scenario import Scenario

KIND = "reject"


def refusals(scenario: Scenario, world: str) -> tuple[tuple[Step, FaultPlan], ...]:
    """One a step that can be refused, the last step first: it leaves the most to undo."""
    possible = enabled_faults(scenario, world).possible
    return tuple(
        (step, FaultPlan((Fault(kind=KIND, operation=step.action, count=Lasting.FOR_EVER),)))
        for step in reversed(scenario.spec.steps)
        if any(one.kind.name == KIND for one in possible[step.action])
    )
