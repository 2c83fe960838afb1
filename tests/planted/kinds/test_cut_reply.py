"""cut_reply: half a reply is taken for a participant that broke down before it did anything."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task


class TakesHalfForNothing(Saga):
    """A reply that is cut short counts as no request at all."""

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        cut = isinstance(error, httpx.RemoteProtocolError)
        return Reading.UNSENT if cut else super().read_error(task, error)


PLANT = Plant(
    broken=TakesHalfForNothing,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="cut_reply", operation="stock.hold.create", count=2),),
    tasks=(HOLD, CHARGE),
    alone=frozenset({"cut_reply"}),
)


@TWINS
def test_the_reply_was_cut_short(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
