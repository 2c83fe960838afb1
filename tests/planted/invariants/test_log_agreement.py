"""LOG: a step is logged as done before anybody said so."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class LogsAhead(Saga):
    """Writes the log first, and does what it says afterwards."""

    async def act(self, task: Task) -> Reading:
        self.log.append([task.name, "done"])
        return await super().act(task)


PLANT = Plant(
    broken=LogsAhead,
    caught_by="log_agreement",
    smallest=(Fault(kind="reject", operation="stock.hold.create"),),
    tasks=(HOLD,),
)


@TWINS
def test_a_log_that_disagrees(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
