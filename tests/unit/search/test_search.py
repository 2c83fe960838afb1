"""Which plans are run: guided level by level, Hypothesis within the same bounds, and what is smallest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis.errors import NoSuchExample

from harness.campaign.arrivals import RunArrived, nobody
from harness.campaign.local import LocalJobRunner
from harness.faults import KINDS
from harness.faults.enabled import enabled_faults
from harness.inputs import DrawnInput
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan, Lasting
from harness.saga import Claim, Step, StepKind
from harness.scenario import Scenario
from harness.search import GuidedSearch, RunSummary, minimise
from harness.search.guided import StopAsked
from harness.search.run_summary import Found, Job
from harness.strategies import fault_plans, inputs
from harness.worlds.sim import SimWorld
from tests.planted.invariants.test_complete_compensation import RegistersTooLate
from tests.planted.kit import CHARGE, HOLD, SHOP, Plant

CREATE = "stock.hold.create"
LOST = (Fault(kind="lose_request", operation=CREATE, count=2),)


class Counting(LocalJobRunner):
    """Keeps what was asked for."""

    def __init__(self, scenario: Scenario, world: SimWorld) -> None:
        super().__init__(scenario, world)
        self.plans: list[FaultPlan] = []

    def run(self, jobs: Iterable[Job], arrived: RunArrived = nobody) -> Iterator[RunSummary]:
        for job in jobs:
            self.plans.append(job[1])
            yield from super().run([job], arrived)


def scenario(twin: str = "sound", **more: object) -> Scenario:
    plant = Plant(broken=RegistersTooLate, caught_by="complete_compensation", smallest=LOST, tasks=(HOLD,))
    return replace(plant.scenario(twin), **more)  # type: ignore[arg-type]


def guided(
    sim: SimWorld, depth: int, *, twin: str = "sound", stop: StopAsked | None = None, **more: object
) -> tuple[GuidedSearch, Counting, list[RunSummary]]:
    one = scenario(twin, **more)
    executor = Counting(one, sim)
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), depth)
    return search, executor, list(search.run(executor, stop or StopAsked()))


@cache
def two_deep() -> tuple[GuidedSearch, Counting, list[RunSummary]]:
    with SimWorld() as world:
        return guided(world, 2)


def sizes(executor: Counting) -> list[int]:
    return sorted({len(plan.faults) for plan in executor.plans})


# Guided ----------------------------------------------------------------------------------------


def test_without_depth_only_the_fault_free_run_of_each_input(sim: SimWorld) -> None:
    _, executor, run_summaries = guided(sim, 0, inputs=({"a": 1}, {"a": 2}))
    assert executor.plans == [FaultPlan(), FaultPlan()]
    assert [run_summary.input_index for run_summary in run_summaries] == [0, 1]


def test_each_level_adds_one_fault_and_the_way_back_one_more() -> None:
    assert sizes(two_deep()[1]) == [0, 1, 2]
    with SimWorld() as world:
        pairs = [plan for plan in guided(world, 1)[1].plans if len(plan.faults) == 2]
    assert {plan.faults[1].operation for plan in pairs} == {"stock.hold.delete_by_saga"}


def test_no_plan_is_run_twice() -> None:
    _, executor, _ = two_deep()
    assert len(set(executor.plans)) == len(executor.plans)


def test_faults_come_only_where_the_parent_run_came() -> None:
    _, executor, run_summaries = two_deep()
    reached = {run_summary.plan: {site for site, _ in run_summary.sites} for run_summary in run_summaries}
    for plan in executor.plans:
        if plan.faults:
            added = plan.faults[-1]
            parent = plan.without(len(plan.faults) - 1)
            assert any((site.operation, site.nth) == (added.operation, added.nth) for site in reached[parent])


def test_every_kind_and_variant_is_tried_alone(sim: SimWorld) -> None:
    _, executor, _ = guided(sim, 1)
    tried = {
        (plan.faults[0].kind, plan.faults[0].variant) for plan in executor.plans if len(plan.faults) == 1
    }
    calls = [kind for kind in KINDS.values() if not kind.deliveries]
    claimed = [kind for kind in calls if kind.claim in (None, Claim.LOST_REPLY)]
    assert tried == {(kind.name, variant) for kind in claimed for variant in kind.variants}


def test_counts_grow_only_as_far_as_they_strike(sim: SimWorld) -> None:
    _, executor, _ = guided(sim, 1)

    def counts(kind: str) -> list[int | Lasting]:
        faults = [plan.faults[0] for plan in executor.plans if len(plan.faults) == 1]
        return [fault.count for fault in faults if fault.kind == kind]

    assert counts("refuse") == [1, Lasting.FOR_EVER]  # two attempts: for ever are two
    assert counts("reject") == [1]  # no second call


def test_equal_traces_collapse() -> None:
    search, _, run_summaries = two_deep()
    assert search.collapsed > 0
    assert search.complete
    assert len({run_summary.trace for run_summary in run_summaries}) < len(run_summaries)


def test_each_input_is_searched_on_its_own_though_its_runs_look_like_another_s(sim: SimWorld) -> None:
    _, _, run_summaries = guided(sim, 1, inputs=({"a": 1}, {"a": 2}))
    plans = [
        {run_summary.plan for run_summary in run_summaries if run_summary.input_index == index}
        for index in (0, 1)
    ]
    assert plans[0] == plans[1]
    assert len(plans[0]) > 1
    assert len({run_summary.trace for run_summary in run_summaries if not run_summary.plan.faults}) == 2


def test_nothing_is_built_on_a_fault_free_run_that_fails(sim: SimWorld) -> None:
    impossible = replace(scenario().spec, steps=(*scenario().spec.steps, Step(name="more", action=CREATE)))
    _, executor, run_summaries = guided(sim, 2, spec=impossible)
    assert executor.plans == [FaultPlan()]
    assert run_summaries[0].violated


@pytest.mark.parametrize(("fires_at", "runs"), [(2, 2), (3, 3), (None, 3)])
def test_in_real_time_a_single_fault_that_did_not_fire_is_tried_again(
    sim: SimWorld, fires_at: int | None, runs: int
) -> None:
    """Three times at most; what never fires stays unfired."""

    class Missing(Counting):
        def run(self, jobs: Iterable[Job], arrived: RunArrived = nobody) -> Iterator[RunSummary]:
            for run_summary in super().run(jobs, arrived):
                missed = run_summary.plan == mark and self.plans.count(mark) != fires_at
                yield (
                    msgspec.structs.replace(run_summary, strikes=(0,), as_planned=(0,))
                    if missed
                    else run_summary
                )

    mark = FaultPlan((Fault(kind="garbage", operation=CREATE),))
    of = scenario()
    for world, expected in (("wire", runs), ("sim", 1)):
        executor = Missing(of, sim)
        list(GuidedSearch(enabled_faults(of, world), len(of.inputs), 1).run(executor, StopAsked()))
        assert executor.plans.count(mark) == expected


def test_what_time_did_not_allow_is_counted(sim: SimWorld) -> None:
    search, _, run_summaries = guided(sim, 1, stop=StopAsked(deadline_s=0.0))
    assert [run_summary.plan for run_summary in run_summaries] == [FaultPlan()]
    assert search.left_out > 0
    assert not search.complete


# Whole plans -----------------------------------------------------------------------------------


def test_what_is_drawn_is_enabled_and_bounded() -> None:
    one = scenario()
    enabled = enabled_faults(one, "sim")

    @given(plan=fault_plans(one), index=inputs(one))
    @settings(
        max_examples=150,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    def check(plan: FaultPlan, index: int) -> None:
        assert len(plan.faults) <= 4
        assert index in range(len(one.inputs))
        for fault in plan.faults:
            marks = {(one.kind.name, one.variant) for one in enabled.possible[fault.operation]}
            assert (fault.kind, fault.variant) in marks
            assert fault.count in KINDS[fault.kind].counts

    check()


def test_drawn_plans_shrink_without_dead_faults() -> None:
    def wanted(plan: FaultPlan) -> bool:
        return any(fault.kind == "late" for fault in plan.faults)

    chosen = settings(database=None, max_examples=2000, derandomize=True)
    (fault,) = find(fault_plans(scenario()), wanted, settings=chosen).faults
    assert (fault.kind, fault.nth, fault.count) == ("late", 1, 1)


def test_plans_of_four_faults_and_sixth_calls_are_drawn() -> None:
    chosen = settings(database=None, max_examples=2000, derandomize=True)
    plans = fault_plans(scenario())
    assert len(find(plans, lambda plan: len(plan.faults) == 4, settings=chosen).faults) == 4
    (sixth,) = find(plans, lambda plan: any(one.nth == 6 for one in plan.faults), settings=chosen).faults
    assert sixth.nth == 6


def test_nothing_to_draw_is_an_empty_plan() -> None:
    nothing = fault_plans(scenario(), operations=())
    with pytest.raises(NoSuchExample):
        find(nothing, lambda plan: bool(plan.faults), settings=settings(database=None, derandomize=True))


# Shrinking -------------------------------------------------------------------------------------


def test_minimise_drops_dead_faults_counts_and_numbers(sim: SimWorld) -> None:
    executor = LocalJobRunner(scenario("broken"), sim)
    big = FaultPlan(
        (
            Fault(kind="slow", operation=CREATE, nth=7),
            Fault(kind="lose_request", operation=CREATE, count=Lasting.FOR_EVER),
            Fault(kind="duplicate", operation=CREATE, variant="at_once"),
        )
    )
    (run_summary,) = executor.run([(0, big)])
    assert minimise(run_summary, "complete_compensation", executor).plan == FaultPlan(LOST)


def test_minimise_keeps_what_it_cannot_shrink_and_knows_when_to_stop(sim: SimWorld) -> None:
    executor = Counting(scenario("broken"), sim)
    (run_summary,) = executor.run([(0, FaultPlan(LOST))])
    assert minimise(run_summary, "complete_compensation", executor) is run_summary
    assert minimise(run_summary, "complete_compensation", executor, most_runs=0) is run_summary


@dataclass
class Rule:
    """An executor that runs nothing: a plan violates where the rule says so."""

    violates: Callable[[FaultPlan], bool]
    run_summary: RunSummary

    def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
        for _, plan in jobs:
            verdict = Verdict.VIOLATED if self.violates(plan) else Verdict.HELD
            strikes = (1,) * len(plan.faults)
            found = {"termination": Found(verdict)}
            yield msgspec.structs.replace(self.run_summary, plan=plan, strikes=strikes, found=found)


@pytest.mark.parametrize(
    ("given_", "least", "smallest"),
    [
        ((3, 5), (1, 1), (1, 1)),
        ((3, 5), (2, 2), (2, 2)),
        ((2, 5), (1, 3), (1, 5)),  # a count between 2 and its own is not tried
        ((1, Lasting.FOR_EVER), (1, 3), (1, 3)),
        ((1, Lasting.FOR_EVER), (1, 4), (1, Lasting.FOR_EVER)),
    ],
)
def test_counts_shrink_before_call_numbers(
    sim: SimWorld,
    given_: tuple[int, int | Lasting],
    least: tuple[int, int],
    smallest: tuple[int, int | Lasting],
) -> None:
    (any_run_summary,) = LocalJobRunner(scenario(), sim).run([(0, FaultPlan())])

    def violates(plan: FaultPlan) -> bool:
        return any(
            fault.nth >= least[0] and (isinstance(fault.count, Lasting) or fault.count >= least[1])
            for fault in plan.faults
        )

    rule = Rule(violates, any_run_summary)
    nth, count = given_
    (big,) = rule.run([(0, FaultPlan((Fault(kind="refuse", operation=CREATE, nth=nth, count=count),)))])
    found = minimise(big, "termination", rule).plan.faults[0]
    assert (found.nth, found.count) == smallest


# What is enabled ------------------------------------------------------------------------------


def test_unclaimed_kinds_are_not_sent() -> None:
    one = scenario()
    bare = replace(one, spec=replace(one.spec, claims=frozenset[Claim]()))
    kinds = {possible.kind.name for possible in enabled_faults(bare, "sim").possible[CREATE]}
    assert "lose_reply" not in kinds
    assert {"refuse", "duplicate", "slow"} <= kinds


def test_each_world_has_its_variants() -> None:
    slow = {
        world: [
            possible.variant
            for possible in enabled_faults(scenario(), world).possible[CREATE]
            if possible.kind.name == "slow"
        ]
        for world in ("sim", "wire")
    }
    assert slow == {"sim": ["10%", "50%", "95%"], "wire": ["latency", "bandwidth", "slicer", "slow_close"]}


def test_what_cannot_strike_is_told_with_the_reason() -> None:
    told = enabled_faults(scenario(), "sim").impossible("stock.hold.find")
    assert {one.kind for one in told} == {"reject", "duplicate", "late", "partial"}
    assert all(one.reason for one in told)


def test_a_retriable_step_without_an_undo_is_struck_like_any_other() -> None:
    plant = Plant(broken=RegistersTooLate, caught_by="", smallest=(), tasks=(HOLD, CHARGE), participants=SHOP)
    one = plant.scenario("sound")
    last = one.spec.steps[1]
    retried = replace(last, kind=StepKind.RETRIABLE, compensation=None)
    other = replace(one, spec=replace(one.spec, steps=(one.spec.steps[0], retried)))
    assert enabled_faults(other, "sim").possible == enabled_faults(one, "sim").possible


# Inputs ----------------------------------------------------------------------------------------


def test_a_drawn_input_travels_with_its_job(sim: SimWorld) -> None:
    drawn = DrawnInput(b'{"quantity":3}')
    one = scenario(inputs=({"quantity": 1},))
    listed, other = LocalJobRunner(one, sim).run([(0, FaultPlan()), (drawn, FaultPlan())])
    assert (listed.input, other.input) == ({"quantity": 1}, {"quantity": 3})
    assert (other.input_index, other.violated) == (drawn, ())
    assert other.saga_id != listed.saga_id


def test_a_plan_is_minimised_with_the_drawn_input_it_was_found_with(sim: SimWorld) -> None:
    drawn = DrawnInput(b'{"quantity":3}')
    executor = LocalJobRunner(scenario("broken"), sim)
    big = FaultPlan((*LOST, Fault(kind="slow", operation=CREATE, nth=7)))
    (run_summary,) = executor.run([(drawn, big)])
    smallest = minimise(run_summary, "complete_compensation", executor)
    assert (smallest.plan, smallest.input, smallest.input_index) == (FaultPlan(LOST), {"quantity": 3}, drawn)
