"""late: after a time-out it asks, is shown nothing, and the request arrives after all."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class AsksTooEarly(Saga):
    """What a query does not show after a time-out will never come, so it believes."""

    async def act(self, task: Task) -> Reading:
        came = await super().act(task)
        if self.error == "ReadTimeout" and not await self.find(task):
            self.doubtful.remove(task.name)
        return came


PLANT = Plant(
    broken=AsksTooEarly,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="late", operation="stock.hold.create", count=2, variant="after_retry"),),
    tasks=(HOLD,),
    alone=frozenset({"late"}),
)


@TWINS
def test_it_arrives_after_all(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
