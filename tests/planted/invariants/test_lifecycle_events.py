"""Events of a saga's life: a step is told before it is done; the end of a saga that failed is never told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.plan import Fault
from harness.saga import Json
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, TWINS, Plant
from tests.planted.sagas import Reading, Saga, Task

ENDS = {"completed": "SagaCompleted", "compensated": "SagaFailed", "stuck": "SagaFailed"}


class Tells(Saga):
    """Tells what was acknowledged, once it was."""

    ends: Mapping[str, str] = ENDS

    def __init__(self, *more: Any) -> None:
        super().__init__(*more)
        self.events: list[Json] = [{"event": "SagaStarted"}]

    async def act(self, task: Task) -> Reading:
        came = await super().act(task)
        if came is Reading.DONE:
            self.tell("StepCompleted", task)
        return came

    async def undo(self, task: Task) -> bool:
        done = await super().undo(task)
        if done:
            self.tell("CompensationCompleted", task)
        return done

    def tell(self, event: str, task: Task) -> None:
        self.events.append({"event": event, "step": task.name})

    def outcome(self, status: str) -> Json:
        told = super().outcome(status)
        assert isinstance(told, dict)
        end = [{"event": self.ends[status]}] if status in self.ends else []
        return {**told, "detail": {**told["detail"], "events": [*self.events, *end]}}


class TellsAhead(Tells):
    """Tells that a step is done, and does it."""

    async def act(self, task: Task) -> Reading:
        self.tell("StepCompleted", task)
        return await Saga.act(self, task)


class TellsNoFailure(Tells):
    """Whoever listens waits for ever."""

    ends: Mapping[str, str] = {"completed": "SagaCompleted"}


AHEAD = Plant(
    broken=TellsAhead,
    sound=Tells,
    caught_by="lifecycle_events",
    smallest=(Fault(kind="reject", operation="stock.hold.create"),),
    tasks=(HOLD,),
)
NO_FAILURE = Plant(
    broken=TellsNoFailure,
    sound=Tells,
    caught_by="lifecycle_events",
    smallest=(Fault(kind="reject", operation="stock.hold.create"),),
    tasks=(HOLD,),
)


@TWINS
def test_a_step_that_is_told_before_it_is_done(sim: SimWorld, twin: str) -> None:
    AHEAD.check(sim, twin)


@TWINS
def test_a_failure_that_is_never_told(sim: SimWorld, twin: str) -> None:
    NO_FAILURE.check(sim, twin)
