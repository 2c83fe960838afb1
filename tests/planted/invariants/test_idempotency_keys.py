"""KEY: each attempt of an action has a key of its own (row 15)."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga, Task


class CountsInTheKey(Saga):
    """The key tells the attempt too, so that a repeat is another hold."""

    def key(self, task: Task, attempt: int) -> str | None:
        return f"{super().key(task, attempt)}:{attempt}"


PLANT = Plant(
    broken=CountsInTheKey,
    caught_by="idempotency_keys",
    smallest=(Fault(kind="refuse", operation="stock.hold.create"),),
    tasks=(HOLD,),
)


@TWINS
def test_a_key_for_each_attempt(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
