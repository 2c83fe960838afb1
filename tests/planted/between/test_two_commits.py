"""What is done and what comes next are kept in two commits: whoever dies in between strands the saga.

A kill at the next request comes too late to see it: by then both are there.
"""

from __future__ import annotations

import pytest

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.between.engine import Engine, JsonBook
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Task

HOLD = "stock.hold.create"
REJECTED = Fault(kind="reject", operation=HOLD)
DEATHS = frozenset({Claim.PROCESS_DEATH})


def crash(operation: str, variant: str) -> Fault:
    return Fault(kind="crash", operation=operation, variant=variant)


class TakesTheNextStepLater(Engine):
    def done(self, task: Task, taken: str) -> None:
        self.keep_one_by_one(f"done {task.name}", taken)


class SoundInFiles(Engine):
    book_of = JsonBook


class TakesTheNextStepLaterInFiles(TakesTheNextStepLater):
    book_of = JsonBook


class TakesTheFirstStepLater(Engine):
    def begin(self) -> None:
        self.keep_one_by_one("begun", f"do {self.tasks[0].name}")


class TakesTheFirstUndoLater(Engine):
    def failed_at(self, task: Task, taken: str) -> None:
        self.keep_one_by_one(f"failed {task.name}", taken)


class TakesTheNextUndoLater(Engine):
    def undone(self, task: Task, taken: str) -> None:
        self.keep_one_by_one(f"undone {task.name}", taken)


def plant(broken: type[Engine], *smallest: Fault, sound: type[Engine] = Engine) -> Plant:
    return Plant(
        broken=broken, sound=sound, caught_by="termination", smallest=smallest, claims=DEATHS, depth=1
    )


STEP = plant(TakesTheNextStepLater, crash(HOLD, "between:1"))
STEP_IN_FILES = plant(TakesTheNextStepLaterInFiles, crash(HOLD, "between:3"), sound=SoundInFiles)
START = plant(TakesTheFirstStepLater, crash(HOLD, "start:3"))
TURN = plant(TakesTheFirstUndoLater, REJECTED, crash(HOLD, "between:1"))
UNDO = plant(TakesTheNextUndoLater, REJECTED, crash("stock.hold.delete_by_saga", "between:1"))


@TWINS
@pytest.mark.parametrize(
    "planted", [STEP, STEP_IN_FILES, START, TURN, UNDO], ids=lambda one: one.broken.__name__
)
def test_a_death_between_two_commits(sim: SimWorld, planted: Plant, twin: str) -> None:
    planted.check(sim, twin)
