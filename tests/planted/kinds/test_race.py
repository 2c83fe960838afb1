"""race: two successors who take the same token both lead."""

from __future__ import annotations

import asyncio

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import AsksFirst
from tests.planted.kit import TWINS, UNKEYED, Plant

THINKS_S = 1.5
"""Longer than one process starts after another."""


class SharesTheToken(AsksFirst):
    """Every successor has the same one, and all have looked at what is on record before one goes on."""

    async def lead_on(self) -> Json:
        await asyncio.sleep(THINKS_S)
        return await super().lead_on()

    def take_over(self) -> None:
        self.token = 1
        self.lead(1).touch()


PLANT = Plant(
    broken=SharesTheToken,
    sound=AsksFirst,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="race", operation="stock.hold.create"),),
    participants=UNKEYED,
    claims=frozenset({Claim.RETRY_ELSEWHERE}),
    alone=frozenset({"race"}),
)


@TWINS
def test_two_successors(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
