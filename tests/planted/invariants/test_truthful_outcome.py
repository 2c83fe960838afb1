"""TRUE: compensated, and the caller is told that it succeeded (row 11)."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Json
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, TWINS, Plant
from tests.planted.sagas import Saga, Task


class CallsItDone(Saga):
    """Undoes all as it should, and reports completed."""

    async def abort(self, begun: list[Task]) -> Json:
        await super().abort(begun)
        return self.outcome("completed")


PLANT = Plant(
    broken=CallsItDone,
    caught_by="truthful_outcome",
    smallest=(Fault(kind="reject", operation="stock.hold.create"),),
    tasks=(HOLD, CHARGE),
)


@TWINS
def test_a_false_report(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
