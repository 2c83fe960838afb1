"""Row 40: it was waiting for a reply when it died, and after the restart nobody will ever get that reply.

Seen in eventuate-tram/eventuate-tram-sagas#40.
"""

from __future__ import annotations

import asyncio

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Reading, Task


class WaitsOn(Durable):
    """What was sent is not sent again: its reply is under way."""

    async def step(self, task: Task) -> Reading:
        if task.name in self.doubtful:
            await asyncio.Event().wait()
        return await super().step(task)


PLANT = Plant(
    broken=WaitsOn,
    sound=Durable,
    caught_by="termination",
    smallest=(Fault(kind="crash", operation="stock.hold.create", variant="before_send"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_a_reply_to_the_dead(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
