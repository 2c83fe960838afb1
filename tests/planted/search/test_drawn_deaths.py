"""Hypothesis draws deaths between two calls, where a run has shown that there is something between them."""

from __future__ import annotations

import pytest

from harness.campaign.local import LocalJobRunner
from harness.plan.moments import moment_of
from harness.search import RunSummary, minimise
from harness.search.guided import StopAsked
from harness.search.property import PropertySearch
from harness.worlds.sim import SimWorld
from tests.planted.between.test_two_commits import STEP, TURN
from tests.planted.kit import Plant

EXAMPLES = 100


def drawn(plant: Plant, twin: str, sim: SimWorld) -> tuple[LocalJobRunner, list[RunSummary]]:
    """By Hypothesis alone: no guided search has looked."""
    executor = LocalJobRunner(plant.scenario(twin), sim)
    search = PropertySearch("sim", examples=EXAMPLES, seed=0)
    return executor, list(search.run(executor, StopAsked()))


def between(run_summary: RunSummary) -> list[int]:
    """The faults of a plan that strike between two calls."""
    faults = enumerate(run_summary.plan.faults)
    return [index for index, fault in faults if moment_of(fault.variant) is not None]


@pytest.mark.parametrize("planted", [STEP, TURN], ids=lambda one: one.broken.__name__)
def test_a_death_between_two_commits_is_drawn_and_found(sim: SimWorld, planted: Plant) -> None:
    executor, run_summaries = drawn(planted, "broken", sim)
    found = [one for one in run_summaries if planted.caught_by in one.violated and between(one)]
    assert found
    smallest = minimise(min(found, key=lambda one: len(one.plan.faults)), planted.caught_by, executor)
    assert between(smallest)
    assert all(smallest.strikes)


def test_its_sound_twin_holds_and_nearly_all_that_are_drawn_fire(sim: SimWorld) -> None:
    _, run_summaries = drawn(STEP, "sound", sim)
    assert not any(one.violated for one in run_summaries)
    fired = [one.strikes[index] > 0 for one in run_summaries for index in between(one)]
    assert len(fired) >= 3
    assert sum(fired) >= 0.9 * len(fired)


def test_who_does_not_claim_to_outlive_its_process_does_not_die(sim: SimWorld) -> None:
    executor = LocalJobRunner(Plant(broken=STEP.broken, caught_by="", smallest=()).scenario("sound"), sim)
    run_summaries = list(PropertySearch("sim", examples=20, seed=0).run(executor, StopAsked()))
    assert not any(between(one) for one in run_summaries)
