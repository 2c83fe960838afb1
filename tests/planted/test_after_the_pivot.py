"""Sagas that a single failure after the pivot, or of a step that is only retried, shows to lie."""

from __future__ import annotations

import pytest

from harness.participant import RestParticipant
from harness.plan import Fault
from harness.saga import Json, StepKind
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, PARCEL, STOCK, TWINS, Plant, resource
from tests.planted.sagas import Saga, Task

NOTE = Task(name="note", at="post", kind=StepKind.RETRIABLE)
SLIP = Task(name="slip", at="post", kind=StepKind.RETRIABLE)
POST = RestParticipant("post", tuple(resource(one) for one in ("parcel", "note", "slip")))


class IgnoresEveryFailure(Saga):
    """Every step is retried until it succeeds, they said."""

    async def run(self) -> Json:
        for task in self.tasks:
            await self.act(task)
        return self.outcome("completed")


class RollsBackThePivot(Saga):
    """A later step failed, so everything is undone, the pivot first."""

    async def failed(self, task: Task, begun: list[Task]) -> Json:
        if task.kind is StepKind.RETRIABLE:
            return await self.abort(begun)
        return await super().failed(task, begun)


PLANTS = {
    "ignored": Plant(
        broken=IgnoresEveryFailure,
        caught_by="truthful_outcome",
        smallest=(Fault(kind="reject", operation="post.note.create"),),
        tasks=(NOTE, SLIP),
        participants=(POST,),
    ),
    "rolled_back": Plant(
        broken=RollsBackThePivot,
        caught_by="pivot_correctness",
        smallest=(Fault(kind="reject", operation="post.note.create"),),
        tasks=(HOLD, PARCEL, NOTE),
        participants=(STOCK, POST),
    ),
}


@TWINS
@pytest.mark.parametrize("plant", PLANTS)
def test_a_failure_after_the_pivot(sim: SimWorld, plant: str, twin: str) -> None:
    PLANTS[plant].check(sim, twin)
