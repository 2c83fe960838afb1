"""lose_request: what was not answered in time is taken for applied."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class AssumesTheBest(Saga):
    """It will have arrived. So it has where the reply was lost or is late, but not where the request was."""

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        if isinstance(error, httpx.ReadTimeout):
            self.ids[task.name] = "somewhere"
            return Reading.DONE
        return super().read_error(task, error)


PLANT = Plant(
    broken=AssumesTheBest,
    caught_by="truthful_outcome",
    smallest=(Fault(kind="lose_request", operation="stock.hold.create"),),
    tasks=(HOLD, CHARGE),
    alone=frozenset({"lose_request"}),
)


@TWINS
def test_the_request_never_arrived(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
