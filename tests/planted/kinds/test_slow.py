"""slow: what takes a while is taken for failed, and a success that comes after that is dropped."""

from __future__ import annotations

import asyncio

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class Impatient(Saga):
    """Goes on after a moment. What comes later is looked at, but undone only where it is an error."""

    rest: asyncio.Task[None] | None = None

    async def attempt(self, task: Task, attempt: int) -> tuple[Reading, float]:
        under_way = asyncio.create_task(super().attempt(task, attempt))
        done, _ = await asyncio.wait({under_way}, timeout=0.03)
        if done:
            return under_way.result()
        self.error = "too slow"
        self.rest = asyncio.create_task(self.clean_up(task, under_way))
        return Reading.REFUSED, 0.0

    async def clean_up(self, task: Task, under_way: asyncio.Task[tuple[Reading, float]]) -> None:
        came, _ = await under_way
        if came is not Reading.DONE:
            await self.undo(task)


PLANT = Plant(
    broken=Impatient,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="slow", operation="stock.hold.create", variant="50%"),),
    tasks=(HOLD,),
    alone=frozenset({"slow"}),
)


@TWINS
def test_a_reply_late_but_in_time(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
