"""Row 26: cancelling the saga cancels its compensation too.

Seen in temporalio/sdk-java#305.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Saga, Task


class UndoesUnshielded(Durable):
    """Undoes where a cancellation reaches it, and then takes the undo for already under way."""

    async def abort(self, begun: list[Task]) -> Json:
        if not self.aborting:
            self.aborting = True
            self.note("", "abort", self.error or "interrupted")
        return await Saga.abort(self, begun)

    async def cancelled(self) -> bool:
        return self.aborting or await super().cancelled()


PLANT = Plant(
    broken=UndoesUnshielded,
    sound=Durable,
    caught_by="complete_compensation",
    smallest=(
        Fault(kind="reject", operation="bank.charge.create"),
        Fault(kind="cancel", operation="stock.hold.delete_by_saga", variant="on_arrival"),
    ),
    claims=frozenset({Claim.CANCEL}),
)


@TWINS
def test_a_cancelled_undo(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
