"""Row 35: it dies in the middle of an undo, and the one who resumes does not know that it had aborted.

What turned it back is gone by then, so it goes on forwards. Seen in apache/incubator-seata#5173.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant


class ForgetsThatItTurnedBack(Durable):
    """The journal holds what became of steps, and not where the saga is going."""

    def note(self, step: str, word: str, note: str = "") -> None:
        if word != "abort":
            super().note(step, word, note)


PLANT = Plant(
    broken=ForgetsThatItTurnedBack,
    sound=Durable,
    caught_by="truthful_outcome",
    smallest=(
        Fault(kind="reject", operation="bank.charge.create"),
        Fault(kind="crash", operation="stock.hold.delete_by_saga", variant="applied"),
    ),
    claims=frozenset({Claim.PROCESS_DEATH}),
)


@TWINS
def test_a_death_while_undoing(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
