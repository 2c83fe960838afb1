"""error_after: an internal error is taken for nothing done."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import FOUND_ONLY, HOLD, TWINS, Plant
from tests.planted.sagas import AsksInDoubt, Reading, Task


class TakesErrorsForNothing(AsksInDoubt):
    """A participant that fails has rolled back, has it not."""

    def read_reply(self, task: Task, reply: httpx.Response) -> Reading:
        return Reading.UNSENT if reply.status_code == 500 else super().read_reply(task, reply)


PLANT = Plant(
    broken=TakesErrorsForNothing,
    sound=AsksInDoubt,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="error_after", operation="stock.hold.create"),),
    tasks=(HOLD,),
    participants=FOUND_ONLY,
    alone=frozenset({"error_after"}),
)


@TWINS
def test_an_error_with_the_effect(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
