"""duplicate: a refund without a key is refunded twice when it is delivered twice."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, TWINS, Plant
from tests.planted.sagas import Saga, Task


class SendsUndosOnce(Saga):
    """Sound: what does not succeed at once is for a person."""

    attempts = 1


class RefundsWithoutKey(SendsUndosOnce):
    """It sends each refund once, so why a key?"""

    def undo_key(self, task: Task, attempt: int) -> str | None:
        return None


PLANT = Plant(
    broken=RefundsWithoutKey,
    sound=SendsUndosOnce,
    caught_by="idempotent_compensation",
    smallest=(
        Fault(kind="lose_reply", operation="bank.charge.create"),
        Fault(kind="duplicate", operation="bank.charge.delete_by_saga", variant="at_once"),
    ),
    tasks=(CHARGE,),
    depth=2,
)


@TWINS
def test_delivered_twice(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
