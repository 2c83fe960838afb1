"""Replies that are late by more than half of the time-out: a bug that half of it does not show."""

from __future__ import annotations

import asyncio

from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, Plant, search
from tests.planted.sagas import Reading, Saga, Task

SOFT_DEADLINE = 0.6
"""The share of the time-out after which the saga goes on."""


class LosesPatience(Saga):
    """Goes on at 60 % of the time-out, as if the step had failed, and undoes nothing of it."""

    async def attempt(self, task: Task, attempt: int) -> tuple[Reading, float]:
        assert self.timeout_s is not None
        under_way = asyncio.create_task(super().attempt(task, attempt))
        done, _ = await asyncio.wait({under_way}, timeout=SOFT_DEADLINE * self.timeout_s)
        if done:
            return under_way.result()
        self.error = "too slow"
        under_way.cancel()
        return Reading.REFUSED, 0.0


PLANT = Plant(broken=LosesPatience, caught_by="no_orphaned_resources", smallest=(), tasks=(HOLD,))


def test_a_bug_at_60_percent_of_the_time_out_is_found(sim: SimWorld) -> None:
    searched = search(PLANT.broken_scenario(), sim, 1)
    slow = [
        run_summary
        for run_summary in searched.run_summaries
        if run_summary.plan.faults and run_summary.plan.faults[0].kind == "slow"
    ]
    caught = {
        run_summary.plan.faults[0].variant for run_summary in slow if PLANT.caught_by in run_summary.violated
    }
    assert {run_summary.plan.faults[0].variant for run_summary in slow} == {"10%", "50%", "95%"}
    assert caught == {"95%"}
    assert search(PLANT.sound_scenario(), sim, 1).told == {}
