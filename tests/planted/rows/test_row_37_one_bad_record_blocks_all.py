"""Row 37: one torn record in the store blocks the recovery of every saga.

Seen in oxidecomputer/omicron#5947.
"""

from __future__ import annotations

import json
from pathlib import Path

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Reading, Task


class HasANeighbour(Durable):
    """Sound: a neighbour's record that cannot be read is put aside, and everybody else is recovered.

    The neighbour lives in the same process, and writes its record in two halves, a call of ours between.
    """

    async def act(self, task: Task) -> Reading:
        neighbour = self.ctx.store_dir / "neighbour.record"
        neighbour.write_text('{"status": ')
        came = await super().act(task)
        neighbour.write_text('{"status": "running"}')
        return came

    async def run(self) -> Json:
        for record in sorted(self.ctx.store_dir.glob("*.record")):
            self.load(record)
        return await super().run()

    def load(self, record: Path) -> None:
        try:
            json.loads(record.read_text())
        except ValueError:
            record.rename(record.with_suffix(".torn"))


class LoadsThemAll(HasANeighbour):
    """Recovers nobody until every record was read."""

    def load(self, record: Path) -> None:
        json.loads(record.read_text())


PLANT = Plant(
    broken=LoadsThemAll,
    sound=HasANeighbour,
    caught_by="termination",
    smallest=(Fault(kind="crash", operation="stock.hold.create", variant="before_send"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_a_torn_record_beside_ours(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
