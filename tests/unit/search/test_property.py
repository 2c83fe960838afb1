"""Hypothesis draws faults where runs have led, whatever the number of workers, and shrinks what it finds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import find, settings
from hypothesis.errors import NoSuchExample

from harness.adapter import CallableSaga, SagaContext
from harness.campaign.aggregate import size_of
from harness.campaign.arrivals import nobody
from harness.campaign.local import LocalJobRunner
from harness.campaign.pool import Pool
from harness.errors import EnvironmentFault
from harness.faults.enabled import enabled_faults
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.saga import Json
from harness.scenario import Scenario
from harness.search import GuidedSearch, RunSummary
from harness.search.chunks import Chunk, ChunkEnded, KnownRuns, reached_by
from harness.search.guided import StopAsked
from harness.search.property import PropertySearch
from harness.search.run_summary import Job
from harness.strategies import NextFault
from harness.worlds.sim import SimWorld
from tests.planted.invariants.test_complete_compensation import RegistersTooLate
from tests.planted.kit import CHARGE, HOLD, SHOP, Plant
from tests.planted.sagas import Saga

CREATE = "stock.hold.create"
PLANT = Plant(
    broken=RegistersTooLate,
    caught_by="complete_compensation",
    smallest=(Fault(kind="lose_request", operation=CREATE, count=2),),
    tasks=(HOLD,),
)
REFERENCE = f"{__name__}:PLANT.sound_scenario"
DEADLY = f"{__name__}:deadly_scenario"


def by_name(name: str) -> Scenario:
    """As a worker process finds it again."""
    return replace(load_scenario(name, registered=None), reference=name)


async def dies_when_refused(ctx: SagaContext, input_: Json) -> Json:
    """Ends its whole process where its first undo is refused."""

    class Deadly(Saga):
        def is_undone(self, reply: object) -> bool:
            if getattr(reply, "status_code", 0) == 403:
                os._exit(3)
            return super().is_undone(reply)  # type: ignore[arg-type]

    return await Deadly(ctx, (HOLD,)).run()


def deadly_scenario() -> Scenario:
    return replace(PLANT.sound_scenario(), saga=CallableSaga(dies_when_refused, "deadly"))


def searched(
    scenario: Scenario, sim: SimWorld, *, examples: int = 60, seed: int = 0, **more: object
) -> tuple[PropertySearch, list[RunSummary]]:
    search = PropertySearch("sim", examples=examples, seed=seed, **more)  # type: ignore[arg-type]
    return search, list(search.run(LocalJobRunner(scenario, sim), StopAsked()))


def plans(run_summaries: Iterable[RunSummary]) -> list[FaultPlan]:
    return [run_summary.plan for run_summary in run_summaries]


# What is drawn ---------------------------------------------------------------------------------


def test_each_fault_is_drawn_where_the_run_with_those_before_it_has_come(sim: SimWorld) -> None:
    _, run_summaries = searched(PLANT.sound_scenario(), sim)
    ran = {run_summary.plan: reached_by(run_summary) for run_summary in run_summaries}
    assert {len(plan.faults) for plan in ran} == {0, 1, 2, 3, 4}
    for plan in ran:
        if plan.faults:
            *_, newest = plan.faults
            before = ran[plan.without(len(plan.faults) - 1)]
            assert (newest.operation, newest.nth) in [
                (site.operation, site.nth) for site in before.open_sites
            ]
            assert before.fired


def test_nearly_all_plans_fire_all_their_faults_and_many_three(sim: SimWorld) -> None:
    two_steps = replace(PLANT, tasks=(HOLD, CHARGE), participants=SHOP).sound_scenario()
    search, run_summaries = searched(two_steps, sim, examples=100)
    assert search.came_to.plans == 100
    assert search.came_to.all_fired >= 90
    assert search.came_to.three_or_more >= 34
    fired_three = [one for one in run_summaries if len(one.plan.faults) >= 3 and all(one.strikes)]
    assert len(set(plans(fired_three))) >= search.came_to.three_or_more
    assert search.came_to.dropped >= sum(not all(run_summary.strikes) for run_summary in run_summaries) > 0


def test_kinds_counts_calls_and_latencies_are_drawn(sim: SimWorld) -> None:
    _, run_summaries = searched(PLANT.sound_scenario(), sim, examples=150)
    drawn = [fault for run_summary in run_summaries for fault in run_summary.plan.faults]
    assert {fault.count for fault in drawn} == {1, 2, 3, Lasting.FOR_EVER}
    assert max(fault.nth for fault in drawn) > 1  # a retry was struck
    assert {fault.operation for fault in drawn} >= {CREATE, "stock.hold.delete_by_saga"}
    of_calls = [kind for kind in enabled_faults(PLANT.sound_scenario(), "sim").kinds() if not kind.deliveries]
    assert len({fault.kind for fault in drawn}) == len(of_calls)
    late = {int(fault.variant.removesuffix("%")) for fault in drawn if fault.kind == "slow"}
    assert late & {10, 50, 95}
    assert late - {10, 50, 95}
    assert all(1 <= one <= 300 for one in late)


def test_latencies_are_drawn_beyond_the_time_out_too_and_not_on_the_wire() -> None:
    chosen = settings(database=None, derandomize=True, max_examples=3000)

    def drawn(world: str, least: int) -> Fault:
        def wanted(fault: Fault) -> bool:
            return fault.variant.endswith("%") and int(fault.variant[:-1]) >= least

        strategy = NextFault(PLANT.sound_scenario(), world).at([Site(operation=CREATE)], [])
        return find(strategy, wanted, settings=chosen)

    assert (drawn("sim", 11).variant, drawn("sim", 96).variant) == ("50%", "96%")
    assert drawn("sim", 200).variant == "200%"
    with pytest.raises(NoSuchExample):
        drawn("wire", 1)


def test_no_plan_is_run_twice_in_a_chunk_and_none_that_is_known(sim: SimWorld) -> None:
    one = PLANT.sound_scenario()
    known = KnownRuns()
    guided = GuidedSearch(enabled_faults(one, "sim"), 1, 1)
    single = list(known.watch(guided.run(LocalJobRunner(one, sim), StopAsked())))
    _, run_summaries = searched(one, sim, examples=50, known=known.runs)
    assert len(set(plans(run_summaries))) == len(run_summaries)
    assert not set(plans(run_summaries)) & set(plans(single))


# The same, whoever runs it ---------------------------------------------------------------------


def test_the_same_seed_draws_the_same_and_another_one_something_else(sim: SimWorld) -> None:
    one = PLANT.sound_scenario()
    first, again, other = (plans(searched(one, sim, seed=seed)[1]) for seed in (1, 1, 2))
    assert first == again != other


def test_what_is_drawn_does_not_depend_on_the_number_of_workers(sim: SimWorld) -> None:
    one = by_name(REFERENCE)
    search, here = searched(one, sim, examples=120, seed=5)
    told = []
    for workers in (1, 2):
        pool = Pool(one, "sim", workers=workers, proxy="auto", load=by_name, note=print)
        there = PropertySearch("sim", examples=120, seed=5)
        with pool:
            came = list(there.run(pool, StopAsked()))
        told.append(([(run_summary.plan, run_summary.fingerprint) for run_summary in came], there.came_to))
    assert told[0] == told[1] == ([(one.plan, one.fingerprint) for one in here], search.came_to)


def test_a_worker_that_is_lost_is_a_finding_and_its_chunk_goes_on() -> None:
    one = by_name(DEADLY)
    search = PropertySearch("sim", examples=50, seed=1)
    with Pool(one, "sim", workers=1, proxy="auto", load=by_name, note=print) as pool:
        run_summaries = list(search.run(pool, StopAsked()))
    lost = [index for index, run_summary in enumerate(run_summaries) if run_summary.statuses == (None,)]
    assert lost
    for index in lost:
        assert run_summaries[index].violated == ("termination",)
        assert "reject" in {fault.kind for fault in run_summaries[index].plan.faults}
    assert lost[0] < len(run_summaries) - 1
    assert len(set(plans(run_summaries))) == len(run_summaries)


# Its bounds ------------------------------------------------------------------------------------


def test_what_time_does_not_allow_is_counted(sim: SimWorld) -> None:
    search = PropertySearch("sim", examples=120, seed=0)
    assert list(search.run(LocalJobRunner(PLANT.sound_scenario(), sim), StopAsked(0.0))) == []
    assert search.came_to == ChunkEnded(left_out=120)


def test_a_chunk_ends_when_its_time_is_over(sim: SimWorld) -> None:
    class Stopping(LocalJobRunner):
        def draw(self, chunks, known, arrived=nobody):  # type: ignore[no-untyped-def]
            import msgspec  # noqa: PLC0415

            late = (msgspec.structs.replace(one, deadline_s=0.0) for one in chunks)
            yield from super().draw(late, known, arrived)

    search = PropertySearch("sim", examples=60, seed=0)
    assert list(search.run(Stopping(PLANT.sound_scenario(), sim), StopAsked())) == []
    assert search.came_to == ChunkEnded(left_out=60)


def test_a_search_may_end_at_the_first_violation(sim: SimWorld) -> None:
    search = PropertySearch("sim", examples=50, seed=0)
    executor = LocalJobRunner(PLANT.broken_scenario(), sim)
    run_summaries = list(search.run(executor, StopAsked(), until_first=True))
    assert [bool(run_summary.violated) for run_summary in run_summaries] == [
        *[False] * (len(run_summaries) - 1),
        True,
    ]
    assert search.came_to.plans + search.came_to.left_out == 50


def test_a_machine_that_fails_is_no_finding(sim: SimWorld) -> None:
    class Failing(LocalJobRunner):
        def _run_summary(self, job: Job) -> RunSummary:
            if job[1].faults:
                raise EnvironmentFault("no room left")
            return super()._run_summary(job)

    search = PropertySearch("sim", examples=10, seed=0)
    came: list[RunSummary] = []
    with pytest.raises(EnvironmentFault, match="no room left"):
        came.extend(search.run(Failing(PLANT.sound_scenario(), sim), StopAsked()))


def test_a_saga_that_calls_nobody_leaves_nothing_to_draw(sim: SimWorld) -> None:
    async def silent(ctx: SagaContext, input_: Json) -> Json:
        return {"status": "completed"}

    one = replace(PLANT.sound_scenario(), saga=CallableSaga(silent, "silent"))
    search, run_summaries = searched(one, sim, examples=20)
    assert plans(run_summaries) == [FaultPlan()]
    assert (search.came_to.three_or_more, search.came_to.left_out) == (0, 0)


# Shrinking -------------------------------------------------------------------------------------


def test_hypothesis_finds_and_shrinks_what_is_broken(sim: SimWorld) -> None:
    executor = LocalJobRunner(PLANT.broken_scenario(), sim)
    sizes = []
    for number in range(6):
        chunk = Chunk(number=number, seed=0, examples=50, world="sim", shrink=PLANT.caught_by)
        found = caught(part for _, part in executor.draw([chunk], ()) if isinstance(part, RunSummary))
        sizes.append((size_of(found[0].plan), min(size_of(run_summary.plan) for run_summary in found)))
    assert any(smallest < first for first, smallest in sizes), sizes
    assert min(smallest for _, smallest in sizes) == (1, 2)


def test_shrinking_runs_nothing_again_that_its_chunk_has_run(sim: SimWorld) -> None:
    search = PropertySearch("sim", examples=30, seed=0)  # one chunk
    executor = LocalJobRunner(PLANT.broken_scenario(), sim)
    found = list(search.run(executor, StopAsked()))
    shrunk = list(search.shrink(executor, [PLANT.caught_by]))
    assert caught(found)
    assert shrunk
    assert not set(plans(shrunk)) & set(plans(found))


def caught(run_summaries: Iterable[RunSummary]) -> list[RunSummary]:
    return [run_summary for run_summary in run_summaries if PLANT.caught_by in run_summary.violated]


def test_what_was_not_violated_is_not_shrunk(sim: SimWorld) -> None:
    search, _ = searched(PLANT.sound_scenario(), sim, examples=20)
    assert list(search.shrink(LocalJobRunner(PLANT.sound_scenario(), sim), ["termination"])) == []
