"""ORPH: after an error it asks, and a query does not list what was applied in part (rows 3 and 9)."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class BelievesTheQuery(Saga):
    """Undoes what a query shows; a part that was applied is not whole, and not shown."""

    def to_undo(self, begun: list[Task]) -> list[Task]:
        return [task for task in super().to_undo(begun) if task.name in self.ids]

    async def act(self, task: Task) -> Reading:
        came = await super().act(task)
        if came is Reading.DOUBT and await self.find(task):
            self.ids[task.name] = "found"
        return came

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        self.ids[task.name] = "perhaps"  # no answer at all: here it knows that it cannot know
        return super().read_error(task, error)


PLANT = Plant(
    broken=BelievesTheQuery,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="partial", operation="stock.hold.create", count=2),),
    tasks=(HOLD,),
    alone=frozenset({"partial"}),
)


@TWINS
def test_an_orphan(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
