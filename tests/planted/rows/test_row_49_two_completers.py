"""Row 49: two completers both fire the final event.

Seen in wework/grabbit#109.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import AsksFirst
from tests.planted.kit import STOCK, TWINS, UNKEYED, Plant


class CompletesToo(AsksFirst):
    """Whoever comes to the end fires what completes it, unless another had when it began.

    What comes before the end is safe: the holds of both are one, by their key.
    """

    def at_work(self) -> bool:
        return False

    def check(self) -> None:
        pass


PLANT = Plant(
    broken=CompletesToo,
    sound=AsksFirst,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="start_twice", operation="stock.hold.create", variant="at_once"),),
    participants=(STOCK, UNKEYED[1]),
    claims=frozenset({Claim.DUPLICATE_START}),
    alone=frozenset({"start_twice"}),
)


@TWINS
def test_two_at_the_end(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
