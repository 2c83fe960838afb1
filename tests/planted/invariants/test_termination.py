"""LIVE: a request without a time-out waits for a reply that never comes (row 13)."""

from __future__ import annotations

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga


class WaitsForEver(Saga):
    """Sets no time-out."""

    timeout_s = None


PLANT = Plant(
    broken=WaitsForEver,
    caught_by="termination",
    smallest=(Fault(kind="lose_request", operation="stock.hold.create"),),
    tasks=(HOLD,),
    alone=frozenset({"lose_request", "lose_reply", "late"}),
)


@TWINS
def test_an_endless_wait(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
