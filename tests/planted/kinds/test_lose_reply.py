"""lose_reply: what was not answered in time is taken for not applied."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import FOUND_ONLY, HOLD, TWINS, Plant
from tests.planted.sagas import AsksInDoubt, Reading, Task


class AssumesTheWorst(AsksInDoubt):
    """It will not have arrived."""

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        return Reading.UNSENT if isinstance(error, httpx.ReadTimeout) else super().read_error(task, error)


PLANT = Plant(
    broken=AssumesTheWorst,
    sound=AsksInDoubt,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="lose_reply", operation="stock.hold.create"),),
    tasks=(HOLD,),
    participants=FOUND_ONLY,
    alone=frozenset({"lose_reply"}),
)


@TWINS
def test_the_reply_was_lost(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
