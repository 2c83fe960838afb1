"""throttle: Retry-After is not read."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.saga import Choice, SagaPolicy
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga


class InAHurry(Saga):
    """Comes back when it likes."""

    def asked_s(self, reply: httpx.Response) -> float:
        return 0.0


PLANT = Plant(
    broken=InAHurry,
    caught_by="bounded_retries",
    smallest=(Fault(kind="throttle", operation="stock.hold.create", variant="429"),),
    tasks=(HOLD,),
    policy=SagaPolicy(retry_after=Choice.MUST),
    alone=frozenset({"throttle"}),
)


@TWINS
def test_asked_to_wait(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
