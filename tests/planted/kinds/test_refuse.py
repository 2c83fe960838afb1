"""refuse: a connection that nobody accepted is taken for a success."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class FireAndForget(Saga):
    """Somebody will have got it."""

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        if isinstance(error, httpx.ConnectError):
            self.ids[task.name] = "somewhere"
            return Reading.DONE
        return super().read_error(task, error)


PLANT = Plant(
    broken=FireAndForget,
    caught_by="truthful_outcome",
    smallest=(Fault(kind="refuse", operation="stock.hold.create"),),
    tasks=(HOLD, CHARGE),
    alone=frozenset({"refuse"}),
)


@TWINS
def test_nobody_listened(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
