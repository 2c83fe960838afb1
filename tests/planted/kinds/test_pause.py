"""pause: one that slept and never looks again goes forward while another has aborted."""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant


class Aborts(Durable):
    """Sound: whoever resumes undoes."""

    async def forward(self) -> Json:
        return await (self.abort(list(self.tasks)) if self.ctx.resumed else super().forward())


class NeverLooksAgain(Aborts):
    """Takes for granted that the saga is still its own."""

    def check(self) -> None:
        pass


PLANT = Plant(
    broken=NeverLooksAgain,
    sound=Aborts,
    caught_by="pivot_correctness",
    smallest=(Fault(kind="pause", operation="stock.hold.create", variant="on_arrival"),),
    claims=frozenset({Claim.RETRY_ELSEWHERE}),
    alone=frozenset({"pause"}),
)


@TWINS
def test_a_sleeper(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
