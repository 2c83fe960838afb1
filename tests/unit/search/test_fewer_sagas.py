"""A counterexample of several sagas keeps the sagas, preemptions and inputs without which it is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec
import pytest

from harness.campaign.local import LocalJobRunner
from harness.inputs import DrawnInput
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan, Preemption
from harness.saga import Json
from harness.search import minimise
from harness.search.run_summary import Found, Job, RunSummary
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import saga_of, scenario_of

HOLD, CHARGE = "stock.hold.create", "bank.charge.create"
A: Json = {"from": "a"}
B: Json = {"from": "b"}


@dataclass
class Rule:
    """Violated where a function of the inputs and the plan says so; every preemption takes place."""

    violates: Callable[[tuple[Json, ...], FaultPlan], bool]
    any_run_summary: RunSummary

    def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
        for ref, plan in jobs:
            given = ref.value if isinstance(ref, DrawnInput) else A
            violated = self.violates(plan.inputs(given), plan)
            yield msgspec.structs.replace(
                self.any_run_summary,
                input_index=ref,
                input=given,
                plan=plan,
                strikes=(1,) * len(plan.faults),
                preempted=tuple(range(len(plan.preemptions))),
                found={"isolation": Found(Verdict.VIOLATED if violated else Verdict.HELD)},
            )


@pytest.fixture
def smallest(
    sim: SimWorld,
) -> Callable[[Callable[[tuple[Json, ...], FaultPlan], bool], FaultPlan], RunSummary]:
    (calm,) = LocalJobRunner(scenario_of(saga_of("async")), sim).run([(0, FaultPlan())])

    def made(violates: Callable[[tuple[Json, ...], FaultPlan], bool], plan: FaultPlan) -> RunSummary:
        rule = Rule(violates, calm)
        (big,) = rule.run([(0, plan)])
        return minimise(big, "isolation", rule)

    return made


Smallest = Callable[[Callable[[tuple[Json, ...], FaultPlan], bool], FaultPlan], RunSummary]


def test_whichever_saga_is_not_needed_leaves_and_the_others_move_up(smallest: Smallest) -> None:
    plan = FaultPlan(
        (Fault(kind="reject", operation=CHARGE, saga=3),),
        (Preemption(saga=2, operation=HOLD, run=3),),
        3,
        (B, A),
    )

    def second_and_third(inputs: tuple[Json, ...], plan: FaultPlan) -> bool:
        pairs = {(str(inputs[one.saga - 1]), str(inputs[one.run - 1])) for one in plan.preemptions}
        return bool(plan.faults) and pairs == {(str(B), str(A))}

    found = smallest(second_and_third, plan)
    assert found.plan == FaultPlan(
        (Fault(kind="reject", operation=CHARGE, saga=2),),
        (Preemption(saga=1, operation=HOLD, run=2),),
        2,
        (A,),
    )
    assert found.input == B


def test_inputs_are_the_same_where_that_shows_it(smallest: Smallest) -> None:
    held = (Preemption(saga=1, operation=HOLD, run=2),)
    assert smallest(lambda _, plan: bool(plan.preemptions), FaultPlan((), held, 2, (B,))).plan == FaultPlan(
        (), held, 2
    )
    third = smallest(lambda inputs, plan: plan.sagas == 3 and B in inputs, FaultPlan((), (), 3, (B, B))).plan
    assert third == FaultPlan((), (), 3, (A, B))
    needed = smallest(lambda inputs, plan: plan.sagas == 2 and B in inputs, FaultPlan((), held, 2, (B,))).plan
    assert needed == FaultPlan((), (), 2, (B,))
