"""LOUD: an undo that failed is logged and passed over (row 21)."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga, Task


class CarriesOn(Saga):
    """Logs that an undo failed, and goes on as if it had not."""

    async def undo(self, task: Task) -> bool:
        if not await super().undo(task):
            self.log.append([task.name, "undo failed"])
        return True


PLANT = Plant(
    broken=CarriesOn,
    caught_by="failed_compensation_escalated",
    smallest=(
        Fault(kind="lose_request", operation="stock.hold.create"),
        Fault(kind="refuse", operation="stock.hold.create", nth=2, count=3),
    ),
    tasks=(HOLD,),
    depth=2,
)


@TWINS
def test_a_failed_undo_swallowed(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
