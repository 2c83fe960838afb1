"""Row 41: an append whose acknowledgement was lost is repeated, and makes a second entry.

Seen in oxidecomputer/omicron#6113.
"""

from __future__ import annotations

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Reading, Task


class PlaysItsLog(Durable):
    """Sound: a command is appended once, and played under the number of its entry.

    The store confirms an append no sooner than it was played: who resumes cannot know, and appends again.
    """

    number: int = 0

    async def act(self, task: Task) -> Reading:
        self.append(task)
        came = Reading.UNSENT
        for number, entry in enumerate(self.entries()):
            if entry.word == "command" and entry.step == task.name:
                self.number = number
                came = await super().act(task)
        return came

    def append(self, task: Task) -> None:
        if not any(entry.word == "command" and entry.step == task.name for entry in self.entries()):
            self.note(task.name, "command")

    def key(self, task: Task, attempt: int) -> str:
        return f"{self.ctx.saga_id}:{task.name}:{self.number}"


class AppendsAgain(PlaysItsLog):
    def append(self, task: Task) -> None:
        self.note(task.name, "command")


PLANT = Plant(
    broken=AppendsAgain,
    sound=PlaysItsLog,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="crash", operation="stock.hold.create", variant="before_send"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_a_repeated_append(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
