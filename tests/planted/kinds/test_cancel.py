"""cancel: one that is cancelled and leaves at once."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant


class LeavesAtOnce(Durable):
    """What was begun stays as it is."""

    async def cancelled(self) -> bool:
        return True


PLANT = Plant(
    broken=LeavesAtOnce,
    sound=Durable,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="cancel", operation="stock.hold.create", variant="applied"),),
    claims=frozenset({Claim.CANCEL}),
    alone=frozenset({"cancel"}),
)


@TWINS
def test_a_cancellation(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
