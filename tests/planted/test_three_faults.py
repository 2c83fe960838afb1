"""Bugs that three faults together uncover, and no two: beyond guided search, and for Hypothesis to find.

In each the faults are a chain: the second strikes a call that was made because of the first, and the
third one that was made because of the second.
"""

from __future__ import annotations

import httpx
import pytest

from harness.adapter import SagaContext
from harness.campaign.aggregate import size_of
from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.saga import Json
from harness.search import GuidedSearch, RunSummary, minimise
from harness.search.chunks import KnownRuns
from harness.search.guided import StopAsked
from harness.search.property import PropertySearch
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, Plant
from tests.planted.sagas import Reading, Saga, Task

EXAMPLES = 500
"""The default of `saga-chaos run` in sim."""

NOTE = Task(name="parcel", at="post")


class AsksAfterAFailedUndo(Saga):
    """Where the undo of what it surely has came to nothing, it asks whether it is there still."""

    async def undo(self, task: Task) -> bool:
        if await super().undo(task):
            return True
        return task.name not in self.doubtful and await self.is_gone(task)

    async def is_gone(self, task: Task) -> bool:
        try:
            reply = await self.send("GET", task, task.path)
            return self.shows_none(reply)
        except (httpx.TransportError, ValueError):
            return False

    def shows_none(self, reply: httpx.Response) -> bool:
        return reply.is_success and not reply.json()["items"]


class TakesAnErrorForNothing(AsksAfterAFailedUndo):
    """Reads the items out of whatever is answered: a 500 has none."""

    def shows_none(self, reply: httpx.Response) -> bool:
        return not reply.json().get("items")


class GoesOn(Saga):
    """One undo that fails does not keep it from the others; it is stuck with what is left."""

    failed_undos: int = 0

    async def abort(self, begun: list[Task]) -> Json:
        left = [task.name for task in self.to_undo(begun) if not await self.undo(task)]
        return self.outcome(self.word(left))

    def word(self, left: list[str]) -> str:
        return "stuck" if left else "compensated"


class CountsInParity(GoesOn):
    """`left` was a flag once, and is toggled by each undo that fails."""

    def word(self, left: list[str]) -> str:
        return "stuck" if len(left) % 2 else "compensated"


class Patient(Saga):
    """Four attempts."""

    attempts = 4


class BlamesTheKey(Patient):
    """Once a call has failed in three ways, it takes the key for poisoned and makes a new one."""

    def __init__(self, ctx: SagaContext, tasks: tuple[Task, ...]) -> None:
        super().__init__(ctx, tasks)
        self.ways: set[str] = set()

    async def attempt(self, task: Task, attempt: int) -> tuple[Reading, float]:
        self.error = ""
        came, pause_s = await super().attempt(task, attempt)
        if came is not Reading.DONE:
            self.ways.add(self.error)
        return came, pause_s

    def key(self, task: Task, attempt: int) -> str | None:
        key = super().key(task, attempt)
        return f"{key}:again" if len(self.ways) >= 3 else key


PLANTS = {
    "a failed query": Plant(
        broken=TakesAnErrorForNothing,
        sound=AsksAfterAFailedUndo,
        caught_by="no_orphaned_resources",
        smallest=(),
        tasks=(HOLD, CHARGE),
    ),
    "two failed undos": Plant(
        broken=CountsInParity,
        sound=GoesOn,
        caught_by="no_orphaned_resources",
        smallest=(),
        tasks=(HOLD, CHARGE, NOTE),
    ),
    "three ways to fail": Plant(
        broken=BlamesTheKey,
        sound=Patient,
        caught_by="idempotency_keys",
        smallest=(),
        tasks=(HOLD, CHARGE),
    ),
}


def drawn(
    plant: Plant, twin: str, sim: SimWorld
) -> tuple[PropertySearch, LocalJobRunner, list[RunSummary], list[RunSummary]]:
    """What guided search of single faults finds, and what Hypothesis does after it, each violating run."""
    scenario = plant.scenario(twin)
    executor, known = LocalJobRunner(scenario, sim), KnownRuns()
    guided = GuidedSearch(enabled_faults(scenario, "sim"), 1, 1).run(executor, StopAsked())
    single = [run_summary for run_summary in known.watch(guided) if run_summary.violated]
    search = PropertySearch("sim", examples=EXAMPLES, seed=0, known=known.runs)
    found = [run_summary for run_summary in search.run(executor, StopAsked()) if run_summary.violated]
    return search, executor, single, found


@pytest.mark.parametrize("name", PLANTS)
def test_three_faults_are_found_and_shrunk_to_three(name: str, sim: SimWorld) -> None:
    plant = PLANTS[name]
    search, executor, single, found = drawn(plant, "broken", sim)
    assert all(len(run_summary.plan.faults) >= 3 for run_summary in single)
    assert search.came_to.plans == EXAMPLES
    first = next(run_summary for run_summary in [*single, *found] if plant.caught_by in run_summary.violated)
    assert len(first.plan.faults) >= 3
    shrunk = [
        run_summary
        for run_summary in search.shrink(executor, [plant.caught_by])
        if plant.caught_by in run_summary.violated
    ]
    best = min(
        [*single, *found, *shrunk],
        key=lambda run_summary: (plant.caught_by not in run_summary.violated, size_of(run_summary.plan)),
    )
    smallest = minimise(best, plant.caught_by, executor)
    assert len(smallest.plan.faults) == 3  # with any fault less it holds
    assert all(smallest.strikes)


@pytest.mark.parametrize("name", PLANTS)
def test_its_sound_twin_holds_under_the_same_search(name: str, sim: SimWorld) -> None:
    search, _, single, found = drawn(PLANTS[name], "sound", sim)
    assert (single, found) == ([], [])
    assert search.came_to.all_fired == search.came_to.plans == EXAMPLES
    assert search.came_to.three_or_more >= EXAMPLES / 3


def test_two_faults_do_not_reach_it(sim: SimWorld) -> None:
    scenario = PLANTS["a failed query"].broken_scenario()
    search = GuidedSearch(enabled_faults(scenario, "sim"), 1, 2)
    found = [one for one in search.run(LocalJobRunner(scenario, sim), StopAsked()) if one.violated]
    assert all(len(one.plan.faults) >= 3 for one in found)
    assert search.complete
