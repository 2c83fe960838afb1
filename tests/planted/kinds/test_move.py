"""move: what is made from the name of the host is another on another node."""

from __future__ import annotations

import socket

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Task


class KeysOfTheHost(Durable):
    """One host, one key."""

    def key(self, task: Task, attempt: int) -> str:
        return f"{self.ctx.saga_id}:{task.name}:{socket.gethostname()}"


PLANT = Plant(
    broken=KeysOfTheHost,
    sound=Durable,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="move", operation="stock.hold.create"),),
    claims=frozenset({Claim.OTHER_NODE}),
    alone=frozenset({"move"}),
)


@TWINS
def test_another_host(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
