"""error_before: any answer at all is taken for a success."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import FOUND_ONLY, HOLD, TWINS, Plant
from tests.planted.sagas import AsksInDoubt, Reading, Task


class TakesErrorsForDone(AsksInDoubt):
    """An internal error is theirs to deal with; the request did arrive."""

    def read_reply(self, task: Task, reply: httpx.Response) -> Reading:
        return Reading.DONE if reply.status_code == 500 else super().read_reply(task, reply)


PLANT = Plant(
    broken=TakesErrorsForDone,
    sound=AsksInDoubt,
    caught_by="truthful_outcome",
    smallest=(Fault(kind="error_before", operation="stock.hold.create"),),
    tasks=(HOLD,),
    participants=FOUND_ONLY,
    alone=frozenset({"error_before"}),
)


@TWINS
def test_an_error_without_the_effect(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
