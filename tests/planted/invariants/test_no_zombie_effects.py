"""ZOMB: an undo is aimed at an id that does not exist yet, and the action lands after it (row 2)."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga, Task


class GuessesTheId(Saga):
    """Undoes by the id that the hold should have. 404 means done, and buries nothing."""

    async def send_undo(self, task: Task, attempt: int) -> httpx.Response:
        id_ = self.ids.get(task.name) or await self.find(task) or self.ctx.saga_id
        return await self.send("DELETE", task, f"{task.path}/{id_}")


PLANT = Plant(
    broken=GuessesTheId,
    caught_by="no_zombie_effects",
    smallest=(Fault(kind="late", operation="stock.hold.create", count=2, variant="after_retry"),),
    tasks=(HOLD,),
    alone=frozenset({"late"}),
)


@TWINS
def test_a_zombie(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
