"""Row 27: a cancellation discards what was done so far.

Seen in cgreeno/temporalex#77.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant


class LeavesAtOnce(Durable):
    """Whoever cancels it gets what he asked for: it stops."""

    async def cancelled(self) -> bool:
        return True


PLANT = Plant(
    broken=LeavesAtOnce,
    sound=Durable,
    caught_by="complete_compensation",
    smallest=(Fault(kind="cancel", operation="stock.hold.create", variant="on_arrival"),),
    claims=frozenset({Claim.CANCEL}),
    alone=frozenset({"cancel"}),
)


@TWINS
def test_a_cancellation_in_the_middle(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
