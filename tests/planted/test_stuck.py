"""Sagas that call for a person where nothing but their own haste stands in the way."""

from __future__ import annotations

import pytest

from harness.plan import Fault
from harness.saga import Json
from harness.worlds.sim import SimWorld
from tests.planted.kit import TWINS, Plant
from tests.planted.sagas import Saga, Task

REFUSED = Fault(kind="reject", operation="bank.charge.create")
REFUSED_AT_ONCE = Fault(kind="reject", operation="stock.hold.create")


class AsksInHaste(Saga):
    """Asks what is there before it undoes it, for 1.5 ms, which no answer ever keeps to."""

    async def abort(self, begun: list[Task]) -> Json:
        self.timeout_s = 0.0015  # type: ignore[misc]
        found = [await self.find(task) for task in self.to_undo(begun)]
        self.timeout_s = Saga.timeout_s  # type: ignore[misc]
        return await super().abort(begun) if all(found) else self.outcome("stuck")


class UndoesInHaste(Saga):
    """Gives each undo 1.5 ms."""

    async def abort(self, begun: list[Task]) -> Json:
        self.timeout_s = 0.0015  # type: ignore[misc]
        return await super().abort(begun)


class GivesUpAfterUndoing(Saga):
    """Undoes everything, and says that a person is needed."""

    async def abort(self, begun: list[Task]) -> Json:
        await super().abort(begun)
        return self.outcome("stuck")


PLANTS = {
    "asks": Plant(broken=AsksInHaste, caught_by="termination", smallest=(REFUSED,)),
    "undoes": Plant(broken=UndoesInHaste, caught_by="termination", smallest=(REFUSED,)),
    "undone": Plant(broken=GivesUpAfterUndoing, caught_by="termination", smallest=(REFUSED_AT_ONCE,)),
}


@TWINS
@pytest.mark.parametrize("plant", PLANTS)
def test_a_person_is_called_for_nothing(sim: SimWorld, plant: str, twin: str) -> None:
    PLANTS[plant].check(sim, twin)
