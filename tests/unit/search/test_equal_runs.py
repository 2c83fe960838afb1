"""Runs that are taken for equal are interchangeable: the same next fault makes equal runs of them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from harness.campaign.workers import LocalExecutor
from harness.faults.unlocked import Unlocked, unlocked_faults
from harness.loader import load_scenario
from harness.loading import load
from harness.plan import Site
from harness.scenario import Scenario
from harness.search import Digest, GuidedSearch
from harness.search.agenda import fault_at
from harness.search.counts import open_sites
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

    one: Digest
    other: Digest
    sites: tuple[Site, ...]


def twins(one: Scenario, executor: LocalExecutor) -> list[Twins]:
    search = GuidedSearch(unlocked_faults(one, "sim"), len(one.inputs), 2)
    equal: dict[bytes, list[Digest]] = defaultdict(list)
    for digest in islice(search.run(executor, StopAsked()), RUNS):
        if all(digest.strikes) and not digest.violated:
            equal[digest.trace].append(digest)
    return [
        Twins(first, other, sites)
        for first, *others in equal.values()
        for other in others
        if (sites := tuple(site for site in open_sites(first) if site in open_sites(other)))
    ]


@pytest.mark.parametrize("shape", [*PLANTS, *STYLES, DURABLE])
def test_the_same_fault_makes_equal_runs_of_equal_runs(shape: str, sim: SimWorld) -> None:
    one = scenario(shape)
    executor = LocalExecutor(one, sim)
    found = twins(one, executor)
    assert len(found) >= LEAST_PAIRS
    check(found, unlocked_faults(one, "sim"), executor)


def check(found: list[Twins], unlocked: Unlocked, executor: LocalExecutor) -> None:
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
        possible = unlocked.possible[site.operation]
        assume(possible)
        fault = fault_at(data.draw(st.sampled_from(possible)), site.nth)
        one, other = executor.run(
            [(digest.input_index, digest.plan.with_fault(fault)) for digest in (pair.one, pair.other)]
        )
        # A fault with calls left may strike one of them: those plans are told apart, and run as well.
        assume(one.strikes[:-1] == pair.one.strikes and other.strikes[:-1] == pair.other.strikes)
        tried += 1
        assert one.trace == other.trace, (one.plan, other.plan)
        assert one.violated == other.violated, (one.plan, other.plan)

    interchangeable()
    assert tried
