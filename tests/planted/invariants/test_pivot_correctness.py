"""PIV: a pivot that failed is rolled back, though it may have taken effect (row 32)."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Json
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, PARCEL, TWINS, Plant
from tests.planted.sagas import Saga, Task


class RollsBackThePivot(Saga):
    """Takes an unanswered pivot for a step like any other."""

    async def failed(self, task: Task, begun: list[Task]) -> Json:
        return await self.abort(begun[:-1])


PLANT = Plant(
    broken=RollsBackThePivot,
    caught_by="pivot_correctness",
    smallest=(Fault(kind="lose_reply", operation="post.parcel.create", count=2),),
    tasks=(HOLD, PARCEL),
)


@TWINS
def test_an_undo_after_the_pivot(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
