"""start_twice: a start that takes every start for the first one."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import AsksFirst
from tests.planted.kit import TWINS, UNKEYED, Plant


class TakesEveryStartForTheFirst(AsksFirst):
    """Looks at what is on record only when it is resumed."""

    def recall(self) -> None:
        if self.ctx.resumed:
            super().recall()

    def at_work(self) -> bool:
        return False


PLANT = Plant(
    broken=TakesEveryStartForTheFirst,
    sound=AsksFirst,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="start_twice", operation="stock.hold.create", variant="at_once"),),
    participants=UNKEYED,
    claims=frozenset({Claim.DUPLICATE_START}),
    alone=frozenset({"start_twice"}),
)


@TWINS
def test_a_second_start(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
