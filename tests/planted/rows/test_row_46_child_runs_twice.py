"""Row 46: a child saga runs twice when its parent is recovered.

Known from nested sagas: whoever resumes starts the child under an id made anew.
"""

from __future__ import annotations

from uuid import uuid4

from harness.plan import Fault
from harness.saga import Claim, Json
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Reading, Task


class Child(Durable):
    """Known by its id, in the store and at the participants. What it leaves, its parent undoes."""

    def key(self, task: Task, attempt: int) -> str:
        return f"{self.ctx.saga_id}:{self.record}"

    async def abort(self, begun: list[Task]) -> Json:
        return self.outcome("stuck")


class Parent(Durable):
    """Sound: has a child do the last step, and the child's id is on record before it starts."""

    async def act(self, task: Task) -> Reading:
        if task is not self.tasks[-1]:
            return await super().act(task)
        self.note(task.name, "begun")
        came = await self.child(task)
        self.note(task.name, came.value)
        return came

    async def child(self, task: Task) -> Reading:
        child = Child(self.ctx, (task,))
        child.record = self.child_id(task)
        await child.run()
        self.log += child.log
        self.error = self.error or child.error
        if task.name in child.doubtful and task.name not in self.doubtful:
            self.doubtful.append(task.name)
        if child.ended == "completed":
            self.ids[task.name] = "by the child"
            return Reading.DONE
        return Reading.DOUBT if task.name in self.doubtful else Reading.REFUSED

    def child_id(self, task: Task) -> str:
        known = [entry.note for entry in self.entries() if entry.word == "child"]
        if not known:
            known = [uuid4().hex]
            self.note(task.name, "child", known[0])
        return known[0]


class ParentOfAnother(Parent):
    """A child's id is made where the child is."""

    def child_id(self, task: Task) -> str:
        return uuid4().hex


PLANT = Plant(
    broken=ParentOfAnother,
    sound=Parent,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="crash", operation="bank.charge.create", variant="applied"),),
    claims=frozenset({Claim.PROCESS_DEATH}),
    alone=frozenset({"crash"}),
)


@TWINS
def test_a_child_started_again(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
