"""reject: a refusal for good is tried again and again."""

from __future__ import annotations

import asyncio

from harness.plan import Fault, Lasting
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class WontTakeNo(Saga):
    """Asks again until it is allowed, however often that takes."""

    pause_s = 0.1

    async def attempt(self, task: Task, attempt: int) -> tuple[Reading, float]:
        while True:
            came, pause_s = await super().attempt(task, attempt)
            if came is not Reading.REFUSED:
                return came, pause_s
            await asyncio.sleep(pause_s)


PLANT = Plant(
    broken=WontTakeNo,
    caught_by="bounded_retries",
    smallest=(Fault(kind="reject", operation="stock.hold.create", count=Lasting.FOR_EVER),),
    tasks=(HOLD,),
    patience_s=3.0,
    alone=frozenset({"reject"}),
)


@TWINS
def test_no_is_not_an_answer(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
