"""Runs that nobody ran: a refused charge turns the saga back, and what breaks it is said beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harness.campaign.aggregate import Aggregate
from harness.campaign.claims import irreversible_faults
from harness.campaign.refutations import shrink
from harness.faults.enabled import enabled_faults
from harness.inputs import InputRef
from harness.invariants import Verdict
from harness.plan import FaultPlan, Site
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search import GuidedSearch, RunSummary
from harness.search.guided import StopAsked
from harness.search.run_summary import Found, Job
from harness.situations import SITUATIONS
from tests.planted.invariants.test_complete_compensation import RegistersTooLate
from tests.planted.kit import BANK, CHARGE, HOLD, STOCK, Plant

HOLDS, CHARGES = "stock.hold.create", "bank.charge.create"
UNDO = "stock.hold.delete_by_saga"
Breaks = Callable[[FaultPlan], tuple[str, ...]]


def scenario(*claims: Claim) -> Scenario:
    plant = Plant(
        broken=RegistersTooLate,
        caught_by="complete_compensation",
        smallest=(),
        tasks=(HOLD, CHARGE),
        participants=(STOCK, BANK),
        claims=frozenset(claims),
    )
    return plant.scenario("sound")


def kinds(plan: FaultPlan) -> frozenset[str]:
    return frozenset(fault.kind for fault in plan.faults)


class Pretender:
    """Every fault fires, every situation is seen."""

    def __init__(self, breaks: Breaks) -> None:
        self._breaks = breaks

    def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
        for input_index, plan in jobs:
            yield self._run_summary(input_index, plan)

    def _run_summary(self, input_index: InputRef, plan: FaultPlan) -> RunSummary:
        turned_back = any(fault.kind == "reject" and fault.operation == CHARGES for fault in plan.faults)
        reached = [HOLDS, CHARGES, *([UNDO] if turned_back else [])]
        return RunSummary(
            input_index=input_index,
            plan=plan,
            saga_id="saga",
            found={id_: Found(Verdict.VIOLATED, "broken") for id_ in self._breaks(plan)},
            strikes=tuple(1 for _ in plan.faults),
            collateral=0,
            kinds=(),
            sites=tuple((Site(operation=one), len(plan.faults) - 1) for one in reached),
            trace=repr(plan).encode(),
            situations=tuple(SITUATIONS),
            statuses=("completed",),
            history=b"",
        )


def searched(one: Scenario, breaks: Breaks = lambda plan: (), depth: int = 1) -> list[RunSummary]:
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), depth)
    return list(search.run(Pretender(breaks), StopAsked()))


def tallied(
    one: Scenario, run_summaries: Iterable[RunSummary], breaks: Breaks = lambda plan: ()
) -> Aggregate:
    aggregate = Aggregate(irreversible=irreversible_faults(one))
    for run_summary in run_summaries:
        aggregate.add(run_summary)
    shrink("sim", Pretender(breaks), aggregate)
    return aggregate
