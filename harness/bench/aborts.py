"""Plans that may make a saga abort: one fault kind at one step, for ever.

Whether they do is found by trying (`harness.bench.measure`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError, misplaced, nearest
from harness.faults.enabled import enabled_faults
from harness.plan import Fault, FaultPlan, Lasting
from harness.scenario import Scenario

KINDS = ("reject", "error_before")
"""By default: a refusal ends a saga at once, an error after as many attempts as it makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort:
    """A way to fail: which step, by which kind."""

    step: str
    kind: str
    plan: FaultPlan

    def __str__(self) -> str:
        return f"{self.step}, {self.kind}"


def aborts(
    scenario: Scenario, world: str, steps: Sequence[str] = (), kinds: Sequence[str] = KINDS
) -> tuple[Abort, ...]:
    """The last step first: it leaves the most to undo. steps: all of them where there are none."""
    possible = enabled_faults(scenario, world).possible
    return tuple(
        Abort(step=step.name, kind=kind, plan=_for_ever(kind, step.action))
        for step in reversed(scenario.spec.steps)
        if not steps or step.name in steps
        for kind in kinds
        if any(one.kind.name == kind for one in possible[step.action])
    )


def refuse_unknown(scenario: Scenario, world: str, steps: Sequence[str], kinds: Sequence[str]) -> None:
    """Raise UsageError for a step that the scenario has not, and a kind that strikes no action of it."""
    where = f"scenario {scenario.name!r}"
    names = [step.name for step in scenario.spec.steps]
    for name in steps:
        if name not in names:
            raise UsageError(misplaced(f"--steps, {where}", name, nearest(name, names)))
    possible = enabled_faults(scenario, world).possible
    known = sorted({one.kind.name for step in scenario.spec.steps for one in possible[step.action]})
    for kind in kinds:
        if kind not in known:
            raise UsageError(misplaced(f"--faults, {where}, world {world}", kind, nearest(kind, known)))


def _for_ever(kind: str, operation: str) -> FaultPlan:
    return FaultPlan((Fault(kind=kind, operation=operation, count=Lasting.FOR_EVER),))
