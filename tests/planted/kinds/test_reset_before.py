"""reset_before: a reset connection is taken for a request that went through."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class BlamesTheReply(Saga):
    """Takes a reset for a reply that got lost after the work was done."""

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        if isinstance(error, httpx.ReadError):
            self.ids[task.name] = "somewhere"
            return Reading.DONE
        return super().read_error(task, error)


PLANT = Plant(
    broken=BlamesTheReply,
    caught_by="truthful_outcome",
    smallest=(Fault(kind="reset_before", operation="stock.hold.create"),),
    tasks=(HOLD, CHARGE),
    alone=frozenset({"reset_before"}),
)


@TWINS
def test_reset_without_the_effect(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
