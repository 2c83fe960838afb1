"""crash: what is on record only once it is done is forgotten by whoever aborts after a death."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant


class RecordsAfterwards(Durable):
    """After a death it aborts; what is not on record it believes it never did."""

    def note(self, step: str, word: str, note: str = "") -> None:
        if word != "begun":
            super().note(step, word, note)

    async def forward(self) -> Json:
        return await (self.abort(list(self.tasks)) if self.ctx.resumed else super().forward())


PLANT = Plant(
    broken=RecordsAfterwards,
    sound=Durable,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="crash", operation="stock.hold.create", variant="applied"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_a_death_before_the_record(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
