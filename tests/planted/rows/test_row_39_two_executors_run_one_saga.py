"""Row 39: two executors run one saga.

Seen in dbos-inc/dbos-transact-java#491.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import AsksFirst
from tests.planted.kit import TWINS, UNKEYED, Plant


class NobodyLeads(AsksFirst):
    """Any executor goes on, whoever else does."""

    def check(self) -> None:
        pass


PLANT = Plant(
    broken=NobodyLeads,
    sound=AsksFirst,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="race", operation="stock.hold.create"),),
    participants=UNKEYED,
    claims=frozenset({Claim.RETRY_ELSEWHERE}),
    alone=frozenset({"race"}),
)


@TWINS
def test_two_executors_side_by_side(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
