"""Row 42: a message overtakes what is persisted, for that is done in the background.

Seen in MassTransit/MassTransit#1005.
"""

from __future__ import annotations

import asyncio

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable, Entry
from tests.planted.kit import TWINS, Plant

STORE_LATENCY_S = 0.2


class LogsInTheBackground(Durable):
    """Where it stands is written at once; the log of it comes after, and the next call does not wait."""

    def write(self, entry: Entry) -> None:
        if entry.word != "done":
            super().write(entry)
            return
        super().write(Entry(entry.step, "stands"))
        self.__dict__.setdefault("writes", []).append(asyncio.ensure_future(self.later(entry)))

    async def later(self, entry: Entry) -> None:
        await asyncio.sleep(STORE_LATENCY_S)
        super().write(entry)

    def remember(self, entry: Entry) -> None:
        super().remember(entry)
        if entry.word == "stands":
            self.ids.setdefault(entry.step, "on record")


PLANT = Plant(
    broken=LogsInTheBackground,
    sound=Durable,
    caught_by="log_agreement",
    smallest=(Fault(kind="crash", operation="bank.charge.create", variant="before_send"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_an_end_without_its_log(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
