"""outage: a participant that is away when its undo is due is taken for one that holds nothing."""

from __future__ import annotations

import httpx

from harness.participant import RestParticipant
from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import TWINS, Plant, resource
from tests.planted.sagas import Saga, Task

SEAT = Task(name="seat", at="airline")
MEAL = Task(name="meal", at="airline")


class GivesUpOnTheAbsent(Saga):
    """Nobody there, nothing to undo."""

    async def send_undo(self, task: Task, attempt: int) -> httpx.Response:
        try:
            return await super().send_undo(task, attempt)
        except httpx.ConnectError:
            return httpx.Response(404)


PLANT = Plant(
    broken=GivesUpOnTheAbsent,
    caught_by="no_orphaned_resources",
    smallest=(Fault(kind="outage", operation="airline.seat.create", count=3),),
    tasks=(SEAT, MEAL),
    participants=(RestParticipant("airline", (resource("seat"), resource("meal"))),),
    alone=frozenset({"outage", "refuse"}),  # refuse, at the meal, is the same from there on
)


@TWINS
def test_away_when_it_matters(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
