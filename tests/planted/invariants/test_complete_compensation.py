"""COMP: an undo is registered only after its action returned (row 10)."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga, Task


class RegistersTooLate(Saga):
    """Undoes what was acknowledged, and forgets what is in doubt."""

    def to_undo(self, begun: list[Task]) -> list[Task]:
        return [task for task in reversed(begun) if task.name in self.ids]


PLANT = Plant(
    broken=RegistersTooLate,
    caught_by="complete_compensation",
    smallest=(Fault(kind="lose_request", operation="stock.hold.create", count=2),),
    tasks=(HOLD,),
)


@TWINS
def test_doubt_left_behind(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
