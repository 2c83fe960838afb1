"""One run, judged: `run_once(scenario, input, plan, world) -> Run`.

Owns the saga's id and the order of things (check the plan, run it, judge it). Refuses to choose
plans (`harness.search`) and to sum up verdicts (`harness.campaign`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from harness.faults import KINDS
from harness.history import History
from harness.invariants import INVARIANTS, Judgement, Verdict, judge_view
from harness.participant import ResourceSpec
from harness.plan import FaultPlan, check_plan, plan_to_json
from harness.saga import Json
from harness.scenario import Scenario
from harness.views import View
from harness.worlds.protocol import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one plan came to."""

    scenario: str
    world: str
    input: Json
    plan: FaultPlan
    saga_id: str
    history: History
    view: View
    judgements: tuple[Judgement, ...]

    @property
    def violated(self) -> tuple[Judgement, ...]:
        """What it found."""
        return tuple(one for one in self.judgements if one.verdict is Verdict.VIOLATED)


def run_once(
    scenario: Scenario, input_: Json, plan: FaultPlan, world: World, *, saga_id: str | None = None
) -> Run:
    """Run a plan once and judge it.

    Raises PlanError for a plan that names what is not there, UsageError and EnvironmentFault as
    the world does.
    """
    check_plan(plan, operations=scenario.operations, kinds=KINDS)
    id_ = saga_id or saga_id_for(scenario, input_, plan, world.name)
    history = world.run(scenario, input_, plan, id_)
    view = View(history, scenario.spec, resources_of(scenario))
    return Run(
        scenario=scenario.name,
        world=world.name,
        input=input_,
        plan=plan,
        saga_id=id_,
        history=history,
        view=view,
        judgements=judge_view(view, INVARIANTS.values()),
    )


def saga_id_for(scenario: Scenario, input_: Json, plan: FaultPlan, world: str) -> str:
    """The same for the same scenario, input and plan; of its own for every other."""
    content = msgspec.json.encode([scenario.name, input_, plan_to_json(plan), world])
    return f"saga-{hashlib.blake2b(content, digest_size=6).hexdigest()}"


def resources_of(scenario: Scenario) -> Mapping[str, ResourceSpec]:
    """`participant.resource` to its declaration."""
    return {
        f"{participant.name}.{resource.name}": resource
        for participant in scenario.participants
        for resource in participant.resources
    }
