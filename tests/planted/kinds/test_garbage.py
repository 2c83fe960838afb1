"""garbage: a success that cannot be read ends the saga without an outcome."""

from __future__ import annotations

import httpx

from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Saga


class ReadsWithoutLooking(Saga):
    """A 201 always has an id."""

    def id_in(self, reply: httpx.Response) -> str | None:
        return str(reply.json()["id"])


PLANT = Plant(
    broken=ReadsWithoutLooking,
    caught_by="termination",
    smallest=(Fault(kind="garbage", operation="stock.hold.create"),),
    tasks=(HOLD,),
    alone=frozenset({"garbage"}),
)


@TWINS
def test_an_unreadable_reply(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
