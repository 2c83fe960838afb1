"""Runs that are taken for equal are interchangeable: the same next fault makes equal runs of them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import EnabledFaults, enabled_faults
from harness.loader import load_scenario
from harness.loading import load
from harness.plan import Fault, Lasting, Site
from harness.scenario import Scenario
from harness.search import GuidedSearch, RunSummary
from harness.search.agenda import fault_at
from harness.search.counts import is_last_there, open_sites, outlasting
from harness.search.guided import StopAsked
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, FOUND_ONLY, HOLD, PARCEL, Plant
from tests.planted.sagas import AsksInDoubt, Saga
from tests.planted.search.test_what_a_saga_remembers import Wary

SOUND = Path(__file__).parents[2] / "sound"
PLANTS = {
    "forgets": Plant(broken=Saga, caught_by="", smallest=()),
    "remembers": Plant(broken=Wary, caught_by="", smallest=()),
    "with a pivot": Plant(broken=Saga, caught_by="", smallest=(), tasks=(HOLD, CHARGE, PARCEL)),
    "asks in doubt": Plant(
        broken=AsksInDoubt, caught_by="", smallest=(), tasks=(HOLD,), participants=FOUND_ONLY
    ),
}
STYLES = ("accepted", "one_refund_by_saga", "pivot_in_the_middle", "task_group")
DURABLE = "order-fulfilment-durable"
RUNS = 500
"""Of a guided search of pairs, from its beginning: all single faults of the small ones, and many pairs."""
LEAST_PAIRS = 5
"""Equal runs that differ in their plans, below which a shape would show nothing."""


def scenario(shape: str) -> Scenario:
    if shape in PLANTS:
        return PLANTS[shape].scenario("broken")
    if shape in STYLES:
        return load_scenario(str(SOUND / shape / "saga.toml"), registered={})
    return load(shape)


@pytest.fixture(scope="module")
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


@dataclass(frozen=True)
class Twins:
    """Two equal runs of different plans, and where a fault may be added to both."""

    one: RunSummary
    other: RunSummary
    sites: tuple[Site, ...]


def twins(one: Scenario, executor: LocalJobRunner) -> list[Twins]:
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), 2)
    equal: dict[bytes, list[RunSummary]] = defaultdict(list)
    for run_summary in islice(search.run(executor, StopAsked()), RUNS):
        if all(run_summary.strikes) and not run_summary.violated:
            equal[run_summary.trace].append(run_summary)
    return [
        Twins(first, other, sites)
        for first, *others in equal.values()
        for other in others
        if (sites := tuple(site for site in open_sites(first) if site in open_sites(other)))
    ]


@pytest.mark.parametrize("shape", [*PLANTS, *STYLES, DURABLE])
def test_the_same_fault_makes_equal_runs_of_equal_runs(shape: str, sim: SimWorld) -> None:
    one = scenario(shape)
    executor = LocalJobRunner(one, sim)
    found = twins(one, executor)
    assert len(found) >= LEAST_PAIRS
    check(found, enabled_faults(one, "sim"), executor)


def check(found: list[Twins], enabled: EnabledFaults, executor: LocalJobRunner) -> None:
    tried = 0

    @settings(
        max_examples=60,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def interchangeable(data: st.DataObject) -> None:
        nonlocal tried
        pair = data.draw(st.sampled_from(found))
        site = data.draw(st.sampled_from(pair.sites))
        possible = enabled.possible[site.operation]
        assume(possible)
        fault = fault_at(data.draw(st.sampled_from(possible)), site)
        one, other = executor.run(
            [
                (run_summary.input_index, run_summary.plan.with_fault(fault))
                for run_summary in (pair.one, pair.other)
            ]
        )
        # A fault with calls left may strike one of them: those plans are told apart, and run as well.
        assume(one.strikes[:-1] == pair.one.strikes and other.strikes[:-1] == pair.other.strikes)
        tried += 1
        assert one.trace == other.trace, (one.plan, other.plan)
        assert one.violated == other.violated, (one.plan, other.plan)

    interchangeable()
    assert tried


def test_a_fault_that_outlasts_a_death_is_left_out_only_where_its_run_is_known(sim: SimWorld) -> None:
    one = scenario(DURABLE)
    executor, enabled = LocalJobRunner(one, sim), enabled_faults(one, "sim")
    kinds = {kind.name: kind for kind in enabled.kinds()}
    search = GuidedSearch(enabled, len(one.inputs), 1)
    tried = 0
    for found in list(islice(search.run(executor, StopAsked()), RUNS)):
        if len(found.plan.faults) < 2 or found.plan.faults[1].kind != "crash" or not all(found.strikes):
            continue
        first, death = found.plan.faults
        if first.count is Lasting.FOR_EVER or list(outlasting(found, kinds)):
            continue
        longer = found.plan.with_faults((replace(first, count=Lasting.FOR_EVER), death))
        (other,) = executor.run([(found.input_index, longer)])
        if other.strikes[1]:  # else it is the run without the death
            tried += 1
            assert other.trace == found.trace, (found.plan, other.plan)
    assert tried >= LEAST_PAIRS


def test_an_outage_that_no_call_follows_is_left_out_beside_other_faults_as_it_changes_nothing(
    sim: SimWorld,
) -> None:
    one = scenario(DURABLE)
    executor = LocalJobRunner(one, sim)
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), 1)
    tried = 0
    for found in list(islice(search.run(executor, StopAsked()), 150)):
        sites = [site for site in open_sites(found) if is_last_there(found, site)]
        for site in sites if all(found.strikes) else ():
            outage = Fault(kind="outage", operation=site.operation, nth=site.nth)
            (other,) = executor.run([(found.input_index, found.plan.with_fault(outage))])
            tried += 1
            assert not other.strikes[-1]
            assert other.trace == found.trace, other.plan
    assert tried >= LEAST_PAIRS
