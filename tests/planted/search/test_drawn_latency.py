"""A bug that shows where a reply takes between 55 and 65 % of its time-out, and nowhere else.

Guided search tries 10, 50 and 95 %, and sees nothing; Hypothesis draws the share.
"""

from __future__ import annotations

import time

from harness.campaign.local import LocalJobRunner
from harness.plan import FaultPlan
from harness.search import RunSummary, minimise
from harness.search.guided import StopAsked
from harness.search.property import PropertySearch
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant, search
from tests.planted.sagas import Reading, Saga, Task

EXAMPLES = 500
"""The default of `saga-chaos run` in sim."""

SLOW, TOO_SLOW = 0.55, 0.65
"""Shares of the time-out: from the one to the other a reply counts as slow."""


class NotesWhatIsSlow(Saga):
    """Sound: a slow reply is a reply."""

    async def attempt(self, task: Task, attempt: int) -> tuple[Reading, float]:
        assert self.timeout_s is not None
        began_s = time.monotonic()
        came = await super().attempt(task, attempt)
        share = (time.monotonic() - began_s) / self.timeout_s
        if SLOW <= share < TOO_SLOW and came[0] is Reading.DONE:
            await self.was_slow(task)
        return came

    async def was_slow(self, task: Task) -> None:
        self.log.append([task.name, "slow"])


class TakesSlowForLost(NotesWhatIsSlow):
    """Undoes what came slowly, as if it had been lost, and goes on all the same."""

    async def was_slow(self, task: Task) -> None:
        await self.undo(task)


PLANT = Plant(
    broken=TakesSlowForLost, sound=NotesWhatIsSlow, caught_by="truthful_outcome", smallest=(), tasks=(HOLD,)
)


def drawn(twin: str, sim: SimWorld) -> tuple[LocalJobRunner, list[RunSummary]]:
    executor = LocalJobRunner(PLANT.scenario(twin), sim)
    search = PropertySearch("sim", examples=EXAMPLES, seed=0)
    return executor, list(search.run(executor, StopAsked(), until_first=True))


@TWINS
def test_guided_search_does_not_see_it(sim: SimWorld, twin: str) -> None:
    assert search(PLANT.scenario(twin), sim, 1).told == {}


def test_hypothesis_draws_the_latency_that_shows_it(sim: SimWorld) -> None:
    executor, run_summaries = drawn("broken", sim)
    found = [one for one in run_summaries if PLANT.caught_by in one.violated]
    assert found
    smallest = minimise(min(found, key=lambda one: len(one.plan.faults)), PLANT.caught_by, executor)
    (fault,) = smallest.plan.faults
    assert fault.kind == "slow"
    assert SLOW <= share_of(smallest.plan) < TOO_SLOW


def share_of(plan: FaultPlan) -> float:
    """Of the time-out, as the plan says it."""
    text = plan.faults[0].variant
    return int(text[:-1]) / 100 if text.endswith("%") else int(text[:-2]) / 1000 / 0.2


def test_its_sound_twin_holds_under_the_same_search(sim: SimWorld) -> None:
    assert not any(one.violated for one in drawn("sound", sim)[1])
