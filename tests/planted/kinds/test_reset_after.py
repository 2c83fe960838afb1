"""reset_after: a reset connection is taken for a request that did not go through."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class BlamesTheRequest(Saga):
    """Takes a reset for a connection that never came about."""

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        return Reading.UNSENT if isinstance(error, httpx.ReadError) else super().read_error(task, error)


PLANT = Plant(
    broken=BlamesTheRequest,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="reset_after", operation="stock.hold.create", count=2),),
    tasks=(HOLD, CHARGE),
    alone=frozenset({"reset_after"}),
)


@TWINS
def test_reset_with_the_effect(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
