"""A Retry-After that asks for more than a saga likes to wait: a bug that a second of it does not show."""

from __future__ import annotations

import httpx

from harness.faults.throttle import LONG
from harness.plan import Fault
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task

TOO_LONG_S = 5.0


class TakesItForQueued(Saga):
    """Goes on where it would have to wait for long, as if the participant saw to the step by itself."""

    def read_reply(self, task: Task, reply: httpx.Response) -> Reading:
        return Reading.DONE if self.asked_s(reply) > TOO_LONG_S else super().read_reply(task, reply)


PLANT = Plant(
    broken=TakesItForQueued,
    caught_by="truthful_outcome",
    smallest=(Fault(kind="throttle", operation="stock.hold.create", variant=LONG),),
    tasks=(HOLD,),
    alone=frozenset({"throttle"}),
)


@TWINS
def test_asked_to_wait_for_long(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
