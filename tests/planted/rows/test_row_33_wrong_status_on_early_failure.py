"""Row 33: it died before anything was on record of step 1, and recovery says what is not so.

Seen in apache/incubator-seata#3281.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant


class NothingWasDone(Durable):
    """Sound: with an entry before the first call, an empty journal means that nothing was sent."""

    async def run(self) -> Json:
        if self.ctx.resumed and not self.entries():
            self.error = "died before it began"
            return self.told("compensated")
        return await super().run()


class OpensItsJournalLate(NothingWasDone):
    """The journal begins with the first result."""

    def note(self, step: str, word: str, note: str = "") -> None:
        if word != "begun" or self.entries():
            super().note(step, word, note)


PLANT = Plant(
    broken=OpensItsJournalLate,
    sound=NothingWasDone,
    caught_by="truthful_outcome",
    smallest=(Fault(kind="crash", operation="stock.hold.create", variant="applied"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_nothing_on_record(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
