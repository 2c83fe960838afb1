"""partial: an error is answered by a query that does not list what is half done."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class AsksForTheWhole(Saga):
    """What a query does not show after an error was rolled back, so it believes."""

    async def act(self, task: Task) -> Reading:
        came = await super().act(task)
        if self.error.endswith(": 500") and came is Reading.DOUBT and not await self.find(task):
            self.doubtful.remove(task.name)
        return came


PLANT = Plant(
    broken=AsksForTheWhole,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="partial", operation="stock.hold.create", count=2),),
    tasks=(HOLD,),
    alone=frozenset({"partial"}),
)


@TWINS
def test_half_done(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
