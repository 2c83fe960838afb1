"""ORD: undos run in the order of the actions (row 19)."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, PARCEL, TWINS, Plant
from tests.planted.sagas import Saga, Task


class UndoesForwards(Saga):
    """The first thing done is the first undone."""

    def to_undo(self, begun: list[Task]) -> list[Task]:
        return super().to_undo(begun)[::-1]


PLANT = Plant(
    broken=UndoesForwards,
    caught_by="compensation_order",
    smallest=(Fault(kind="reject", operation="post.parcel.create"),),
    tasks=(HOLD, CHARGE, PARCEL),
)


@TWINS
def test_undos_in_the_wrong_order(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
