"""participant_crash: nobody is there any more, so nothing can have been done."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Reading, Task


class TrustsTheEmptyHouse(Durable):
    """After a reset, a refused connection takes the doubt away."""

    async def act(self, task: Task) -> Reading:
        came = await super().act(task)
        if came is Reading.UNSENT and task.name in self.doubtful:
            self.doubtful.remove(task.name)
        return came


PLANT = Plant(
    broken=TrustsTheEmptyHouse,
    sound=Durable,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="participant_crash", operation="stock.hold.create", variant="applied"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"participant_crash"}),
)


@TWINS
def test_an_empty_house(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
