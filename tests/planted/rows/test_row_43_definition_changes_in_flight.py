"""Row 43: a new version is deployed while a saga of the old one is under way.

Seen in oxidecomputer/omicron#7732.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import CHARGE, TWINS, Plant
from tests.planted.sagas import Task

NEW_VERSION = (CHARGE,)


class Redeployed(Durable):
    """Sound: what was under way is aborted, by the steps of the version that it began with."""

    async def run(self) -> Json:
        if self.ctx.resumed:
            self.tasks = self.steps()
        return await super().run()

    async def forward(self) -> Json:
        return await (self.abort(list(self.tasks)) if self.ctx.resumed else super().forward())

    def steps(self) -> tuple[Task, ...]:
        return self.tasks


class KnowsTheNewVersion(Redeployed):
    """The steps of a saga are those in the source, which no longer has the hold."""

    def steps(self) -> tuple[Task, ...]:
        return NEW_VERSION


PLANT = Plant(
    broken=KnowsTheNewVersion,
    sound=Redeployed,
    caught_by="complete_compensation",
    smallest=(Fault(kind="crash", operation="stock.hold.create", variant="before_send"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_a_new_version_in_the_middle(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
