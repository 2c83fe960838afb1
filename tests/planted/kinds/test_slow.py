"""slow: a limit of its own, shorter than what the participant is allowed, is taken for a failure."""

from __future__ import annotations

import asyncio

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class Impatient(Saga):
    """Waits a fraction of its time-out, and takes what is not there by then for not applied."""

    async def attempt(self, task: Task, attempt: int) -> tuple[Reading, float]:
        try:
            async with asyncio.timeout(0.03):
                return await super().attempt(task, attempt)
        except TimeoutError:
            self.error = "too slow"
            return Reading.REFUSED, 0.0


# It claims nothing about lost replies, so that nothing else leaves an effect behind.
PLANT = Plant(
    broken=Impatient,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="slow", operation="stock.hold.create", variant="latency"),),
    tasks=(HOLD,),
    claims=frozenset(),
    alone=frozenset({"slow"}),
)


@TWINS
def test_a_reply_late_but_in_time(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
