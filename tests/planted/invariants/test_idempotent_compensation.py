"""ONCE, backwards: each attempt of a refund has a key of its own (row 15)."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, TWINS, Plant
from tests.planted.sagas import Saga, Task


class RefundsAnew(Saga):
    """Counts its attempts in the key of the undo, so that a repeat is another refund."""

    def undo_key(self, task: Task, attempt: int) -> str | None:
        return f"{super().undo_key(task, attempt)}:{attempt}"


PLANT = Plant(
    broken=RefundsAnew,
    caught_by="idempotent_compensation",
    smallest=(
        Fault(kind="lose_reply", operation="bank.charge.create", count=2),
        Fault(kind="lose_reply", operation="bank.charge.delete_by_saga"),
    ),
    tasks=(CHARGE,),
    depth=2,
)


@TWINS
def test_an_undo_applied_twice(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
