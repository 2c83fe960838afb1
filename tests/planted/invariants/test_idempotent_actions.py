"""ONCE, forwards: it sends again where a repeat makes a second one (row 5)."""

from __future__ import annotations

from harness.participant import Repeats, RestParticipant
from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant, resource
from tests.planted.sagas import Reading, Saga


class RepeatsTheUnsent(Saga):
    """Sound: at this participant a repeat is a second hold, so doubt is undone and not repeated."""

    final = (*Saga.final, Reading.DOUBT)


class SendsAgain(Saga):
    """Retries as if the participant heeded keys."""


PLANT = Plant(
    broken=SendsAgain,
    sound=RepeatsTheUnsent,
    caught_by="idempotent_actions",
    smallest=(Fault(kind="lose_reply", operation="stock.hold.create"),),
    tasks=(HOLD,),
    participants=(RestParticipant("stock", (resource("hold", repeats=Repeats.NONE),)),),
)


@TWINS
def test_an_action_applied_twice(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
