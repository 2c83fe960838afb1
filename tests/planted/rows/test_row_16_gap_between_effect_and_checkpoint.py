"""Row 16: a step is checkpointed after its effect, and its key dies with the process.

Seen in microsoft/agent-framework#3938.
"""

from __future__ import annotations

from uuid import uuid4

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Task


class ChecksInAfterwards(Durable):
    """Nothing is on record before the effect, and each process makes a key of its own."""

    def key(self, task: Task, attempt: int) -> str:
        made = self.__dict__.setdefault("keys", {})
        return f"{self.ctx.saga_id}:{made.setdefault(task.name, uuid4().hex)}"

    def note(self, step: str, word: str, note: str = "") -> None:
        if word != "begun":
            super().note(step, word, note)


PLANT = Plant(
    broken=ChecksInAfterwards,
    sound=Durable,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="crash", operation="stock.hold.create", variant="applied"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_an_effect_without_a_checkpoint(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
