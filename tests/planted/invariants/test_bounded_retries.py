"""BUDG: it tries again at once, over and over."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import SagaPolicy
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga


class PausesBetween(Saga):
    """Sound: as many attempts, with a pause between them."""

    attempts = 4
    pause_s = 0.1


class HammersAway(Saga):
    """One immediate repeat is anybody's right; this one makes three."""

    attempts = 4
    pause_s = 0.0


PLANT = Plant(
    broken=HammersAway,
    sound=PausesBetween,
    policy=SagaPolicy(min_gap_s=0.05),
    caught_by="bounded_retries",
    smallest=(Fault(kind="refuse", operation="stock.hold.create", count=2),),
    tasks=(HOLD,),
)


@TWINS
def test_a_retry_storm(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
