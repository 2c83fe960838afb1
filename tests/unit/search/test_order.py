"""The order of a guided search: the most telling plans first, and nothing kept waiting by process faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from harness.faults import KINDS
from harness.faults.enabled import enabled_faults
from harness.inputs import InputRef
from harness.invariants import Verdict
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.process_faults import ProcessFault
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search import GuidedSearch, RunSummary, minimise
from harness.search.guided import StopAsked
from harness.search.run_summary import Found, Job, Unconfirmed
from tests.planted.invariants.test_complete_compensation import RegistersTooLate
from tests.planted.kit import CHARGE, HOLD, PARCEL, SHOP, Plant
from tests.planted.sagas import Task

HOLDS, CHARGES, PARCELS = "stock.hold.create", "bank.charge.create", "post.parcel.create"
QUERY = "stock.hold.find"
UNDO = "stock.hold.delete_by_saga"
CRASHES = frozenset({Claim.PROCESS_DEATH})
NO_FAULT = "no fault"


def scenario(claims: frozenset[Claim] = CRASHES, steps: tuple[Task, ...] = (HOLD, CHARGE)) -> Scenario:
    plant = Plant(
        broken=RegistersTooLate,
        caught_by="complete_compensation",
        smallest=(),
        tasks=steps,
        participants=SHOP,
        claims=claims,
    )
    return plant.scenario("sound")


@dataclass(kw_only=True)
class Pretender:
    """Runs nothing: a charge that is struck by some kinds aborts and undoes the hold.

    Anything else completes, with each operation called so often. asks_after: two faults, the second of this
    kind, make it ask. violating, void, cut_short: runs with a fault of this kind, or with `NO_FAULT`.
    """

    steps: tuple[Task, ...] = (HOLD, CHARGE)
    turning_back: frozenset[str] = frozenset({"reject"})
    calls: int = 1
    asks_after: str = ""
    violating: str = ""
    void: str = ""
    cut_short: str = ""
    plans: list[FaultPlan] = field(default_factory=list)

    def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
        for input_index, plan in jobs:
            self.plans.append(plan)
            yield self._run_summary(input_index, plan)

    def _run_summary(self, input_index: InputRef, plan: FaultPlan) -> RunSummary:
        newest = len(plan.faults) - 1
        kinds = [fault.kind for fault in plan.faults] or [NO_FAULT]
        violated = self.violating in kinds
        violated |= self.cut_short in kinds
        unconfirmed = (Unconfirmed(0, None, "", void=True),) if self.void in kinds else ()
        sites = tuple(
            site for site in self._sites(plan) if not any(_covers(one, site) for one in plan.faults)
        )
        return RunSummary(
            input_index=input_index,
            plan=plan,
            saga_id="saga",
            found={"termination": Found(Verdict.VIOLATED)} if violated else {},
            strikes=tuple(sum(_covers(one, site) for site in self._sites(plan)) for one in plan.faults),
            collateral=0,
            unconfirmed=unconfirmed,
            cut_short=self.cut_short in kinds,
            kinds=(),
            sites=tuple((site, newest) for site in sites),
            first=tuple(0 for _ in plan.faults),
            trace=repr(plan).encode(),
            situations=(),
            statuses=("completed",),
        )

    def _sites(self, plan: FaultPlan) -> list[Site]:
        called = [Site(operation=f"{step.at}.{step.name}.create") for step in self.steps]
        back = any(one.kind in self.turning_back and one.operation == CHARGES for one in plan.faults)
        called += [Site(operation=UNDO)] if back else []
        asks = len(plan.faults) > 1 and plan.faults[1].kind == self.asks_after
        called += [Site(operation=QUERY)] if asks else []
        return [Site(operation=one.operation, nth=nth + 1) for one in called for nth in range(self.calls)]


def _covers(fault: Fault, site: Site) -> bool:
    return fault.operation == site.operation and fault.covers(site.nth)


def searched(
    depth: int,
    claims: frozenset[Claim] = CRASHES,
    steps: tuple[Task, ...] = (HOLD, CHARGE),
    **more: object,
) -> list[FaultPlan]:
    one = scenario(claims, steps)
    pretender = Pretender(steps=steps, **more)  # type: ignore[arg-type]
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), depth)
    list(search.run(pretender, StopAsked()))
    return pretender.plans


def is_process_fault(fault: Fault) -> bool:
    return KINDS[fault.kind].process_fault is not None


def where(plans: list[FaultPlan], wanted: Callable[[FaultPlan], bool]) -> list[int]:
    return [index for index, plan in enumerate(plans) if wanted(plan)]


def single(plan: FaultPlan) -> bool:
    return len(plan.faults) == 1


def test_first_of_all_what_surely_turns_back() -> None:
    plans = searched(2)
    refused = where(plans, lambda plan: single(plan) and plan.faults[0].kind == "reject")
    assert refused == [1, 2]  # after the fault-free run


def test_then_the_pivot_and_what_comes_after_it_once_and_for_ever() -> None:
    plans = searched(1, claims=frozenset(), steps=(HOLD, PARCEL), calls=2)
    at_the_pivot = where(plans, lambda plan: single(plan) and plan.faults[0].operation == PARCELS)
    elsewhere = where(
        plans,
        lambda plan: single(plan) and plan.faults[0].operation == HOLDS and plan.faults[0].kind != "reject",
    )
    lasting = where(plans, lambda plan: single(plan) and plan.faults[0].count is Lasting.FOR_EVER)
    assert max(at_the_pivot) < min(elsewhere)
    assert any(plans[index].faults[0].operation == PARCELS for index in lasting)


def test_for_ever_comes_before_the_counts_between() -> None:
    counts = [
        plan.faults[0].count
        for plan in searched(1, claims=frozenset(), calls=6)
        if single(plan) and (plan.faults[0].kind, plan.faults[0].nth) == ("error_before", 1)
        if plan.faults[0].operation == CHARGES
    ]
    assert counts == [1, Lasting.FOR_EVER, 2, 3]


def test_process_faults_and_others_take_turns() -> None:
    plans = searched(1)
    ranks = [
        is_process_fault(plan.faults[0])
        for plan in plans
        if single(plan) and plan.faults[0].count == 1 and plan.faults[0].kind != "reject"
    ]
    both = 2 * min(ranks.count(True), ranks.count(False))
    assert ranks[:both:2] == [True] * (both // 2)
    assert ranks[1:both:2] == [False] * (both // 2)


def test_then_every_fault_on_the_way_back_even_one_fault_deep() -> None:
    pairs = [plan for plan in searched(1) if len(plan.faults) == 2]
    assert {(plan.faults[0].kind, plan.faults[0].operation) for plan in pairs} == {("reject", CHARGES)}
    assert {plan.faults[1].operation for plan in pairs} == {UNDO}
    tried = {(plan.faults[1].kind, plan.faults[1].variant) for plan in pairs}
    possible = enabled_faults(scenario(), "sim").possible[UNDO]
    assert tried == {(one.kind.name, one.variant) for one in possible}


def test_one_abort_for_each_way_back() -> None:
    plans = searched(1, turning_back=frozenset({"reject", "error_before", "throttle"}))
    aborts = {plan.faults[0].kind for plan in plans if len(plan.faults) == 2}
    assert aborts == {"reject"}


def test_the_way_back_comes_before_what_is_left_of_the_way_forward() -> None:
    plans = searched(1, steps=(HOLD, CHARGE, PARCEL))
    back = where(plans, lambda plan: len(plan.faults) == 2)
    rest = where(plans, lambda plan: single(plan) and plan.faults[0].kind == "error_before")
    before_the_pivot = [index for index in rest if plans[index].faults[0].operation != PARCELS]
    assert min(back) < min(before_the_pivot)


def test_what_only_pairs_reach_is_struck_by_every_fault_too() -> None:
    asked = {
        plan.faults[-1].kind
        for plan in searched(2, claims=frozenset(), asks_after="throttle")
        if plan.faults and plan.faults[-1].operation == QUERY
    }
    assert asked == {one.kind.name for one in enabled_faults(scenario(frozenset()), "sim").possible[QUERY]}


def test_pairs_begin_with_what_surely_turns_back() -> None:
    plans = searched(2, claims=frozenset())
    pairs = [plan.faults for plan in plans if len(plan.faults) == 2]
    once = [
        newest for first, newest in pairs if first.count == newest.count == 1 and newest.operation != UNDO
    ]
    refusals = [fault.kind == "reject" for fault in once]
    assert any(refusals)
    assert refusals == sorted(refusals, reverse=True)


def test_without_a_claim_there_are_no_process_faults() -> None:
    assert not any(is_process_fault(fault) for plan in searched(2, frozenset()) for fault in plan.faults)


def test_a_run_that_violated_something_gets_further_faults_after_all_others() -> None:
    plans = searched(2, claims=frozenset(), violating="error_before")
    pairs = [plan for plan in plans if len(plan.faults) == 2]
    late = where(pairs, lambda plan: plan.faults[0].kind == "error_before")
    assert late
    others = where(pairs, lambda plan: plan.faults[0].kind == "lose_request")
    assert others
    assert max(others) < min(late)


def test_the_way_back_of_a_run_that_violated_something_comes_last_of_the_single_faults() -> None:
    one, both = frozenset({"error_before"}), frozenset({"reject", "error_before"})
    plans = searched(1, claims=frozenset(), violating="error_before", turning_back=one)
    violated = where(plans, lambda plan: len(plan.faults) == 2)
    assert {plans[index].faults[0].kind for index in violated} == {"error_before"}
    assert {plans[index].faults[1].operation for index in violated} == {UNDO}
    assert max(where(plans, single)) < min(violated)
    # Where another run took the same way, what violated something is not struck there again.
    plans = searched(1, claims=frozenset(), violating="error_before", turning_back=both)
    assert {plan.faults[0].kind for plan in plans if len(plan.faults) == 2} == {"reject"}


def test_nothing_is_built_on_a_fault_free_run_that_fails() -> None:
    assert searched(2, claims=frozenset(), violating=NO_FAULT) == [FaultPlan()]


@pytest.mark.parametrize("how", ["void", "cut_short"])
def test_nothing_is_built_on_a_run_that_was_not_judged_or_was_ended_early(how: str) -> None:
    plans = searched(2, claims=frozenset(), **{how: "error_before"})  # type: ignore[arg-type]
    built_on = {plan.faults[0].kind for plan in plans if len(plan.faults) == 2}
    assert "error_before" not in built_on
    assert "lose_request" in built_on


def beside_a_death(calls: int, kind: str) -> set[int | Lasting]:
    """Counts of a fault at the first call, with a crash after it."""
    crashed = [
        plan for plan in searched(2, calls=calls) if len(plan.faults) == 2 and plan.faults[1].kind == "crash"
    ]
    first = [plan.faults[0] for plan in crashed if plan.faults[1].operation == CHARGES]
    return {fault.count for fault in first if (fault.kind, fault.operation) == (kind, HOLDS)}


def test_a_death_is_tried_with_the_fault_before_it_gone_and_still_there() -> None:
    assert {1, Lasting.FOR_EVER} <= beside_a_death(2, "reject")
    assert {1, Lasting.UNTIL_RESTART, Lasting.FOR_EVER} <= beside_a_death(2, "refuse")


def test_but_not_where_no_call_would_meet_it_after_the_restart() -> None:
    assert beside_a_death(1, "reject") == {1}


def test_what_is_not_a_death_keeps_the_fault_as_it_was() -> None:
    plans = searched(2, frozenset({Claim.RETRY_ELSEWHERE}))
    paused = [plan for plan in plans if len(plan.faults) == 2 and plan.faults[1].kind == "pause"]
    assert paused
    assert KINDS["pause"].process_fault is ProcessFault.FREEZE
    assert all(fault.count is not Lasting.UNTIL_RESTART for plan in paused for fault in plan.faults)


def test_no_plan_is_run_twice() -> None:
    plans = searched(2)
    assert len(set(plans)) == len(plans)


def test_a_fault_until_the_restart_shrinks_to_one_for_ever_where_that_shows_the_same() -> None:
    faults = (Fault(kind="refuse", operation=HOLDS, count=Lasting.UNTIL_RESTART),)

    class Breaking(Pretender):
        def _run_summary(self, input_index: InputRef, plan: FaultPlan) -> RunSummary:
            run_summary = super()._run_summary(input_index, plan)
            lasting = any(isinstance(fault.count, Lasting) for fault in plan.faults)
            found = {"termination": Found(Verdict.VIOLATED)} if lasting else {}
            return msgspec.structs.replace(run_summary, found=found)

    breaking = Breaking()
    (run_summary,) = breaking.run([(0, FaultPlan(faults))])
    smallest = minimise(run_summary, "termination", breaking)
    assert [fault.count for fault in smallest.plan.faults] == [Lasting.FOR_EVER]


# Services of the user's ----------------------------------------------------------------------------

OWN = Path(__file__).parents[3] / "scenarios" / "examples" / "own_services" / "saga.toml"


def test_what_shows_a_mistake_of_a_service_comes_before_what_shows_one_of_the_saga() -> None:
    """A search of services of the user's takes seconds a run: what only they get wrong must not wait."""
    own = load_scenario(str(OWN), registered=None)
    creates = tuple(step.action for step in own.spec.steps)
    ran: list[FaultPlan] = []

    class Reaches:
        def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
            for input_index, plan in jobs:
                ran.append(plan)
                yield RunSummary(
                    input_index=input_index,
                    plan=plan,
                    saga_id="saga",
                    found={},
                    strikes=(1,) * len(plan.faults),
                    collateral=0,
                    kinds=(),
                    sites=tuple((Site(operation=name, nth=1), -1) for name in creates),
                    trace=repr(plan).encode(),
                    situations=(),
                    statuses=("completed",),
                )

    list(GuidedSearch(enabled_faults(own, "wire"), len(own.inputs), 1).run(Reaches(), StopAsked()))
    kinds = [plan.faults[0].kind for plan in ran if plan.faults]
    steps = len(creates)
    assert kinds[:steps] == ["reject"] * steps
    assert sorted(kinds[steps : steps * 6]) == ["duplicate"] * 3 * steps + ["participant_crash"] * 2 * steps
    assert set(kinds[steps * 6 :]) > {"refuse", "lose_reply", "crash"}
