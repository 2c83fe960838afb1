"""Requests held at the door: until their trigger comes, or everything heals."""

from __future__ import annotations

from collections.abc import Callable

from harness.faults.limits import may_land_late
from harness.faults.passage import Passage
from harness.history import Held, Recorder, Released
from harness.participant import Operation, Response, Verb
from harness.plan.treatment import PASS, Delivery
from harness.plan.types import Target
from harness.saga import Direction


class HeldRequests:
    """What is held in one run. Those whose trigger has come wait in `take_due` for their world."""

    def __init__(self, recorder: Recorder, target: Callable[[Operation, Direction | None], Target]) -> None:
        self._recorder = recorder
        self._target = target
        self._held: list[Passage] = []
        self._due: list[Passage] = []
        self._healed = False

    def hold(self, passage: Passage) -> None:
        """Keep a request."""
        self._held.append(passage)
        until = passage.treatment.delivery
        self._recorder.add(Held(t_s=self._recorder.now_s(), call=passage.call, until=until))
        if self._healed:  # sent before everything healed, and here only now
            self._due += self._release_all()

    def take_due(self) -> list[Passage]:
        """Those to deliver now."""
        due, self._due = self._due, []
        return due

    def heal(self) -> list[Passage]:
        """All that is held and may land; what may not is dropped (RULES §6)."""
        self._healed = True
        return self._release_all()

    def _release_all(self) -> list[Passage]:
        held, self._held = self._held, []
        return [passage for passage in held if self._release(passage, settling=True)]

    def delivered(self, passage: Passage) -> None:
        """A request was delivered: whoever waits for the sender's next call there is due."""
        for held in self._until(Delivery.AFTER_RETRY):
            if held is not passage and _same_call(held, passage):
                self._fall_due(held)

    def answered(self, passage: Passage, response: Response) -> None:
        """A call was answered: whoever waits for that undo is due."""
        if passage.direction is not Direction.COMPENSATION or not _acknowledges(response):
            return
        for held in self._until(Delivery.AFTER_UNDO):
            if _undoes(passage, held):
                self._fall_due(held)

    def _until(self, delivery: Delivery) -> list[Passage]:
        return [one for one in self._held if one.treatment.delivery is delivery]

    def _fall_due(self, passage: Passage) -> None:
        self._held.remove(passage)
        self._release(passage)
        self._due.append(passage)

    def _release(self, passage: Passage, *, settling: bool = False) -> bool:
        dropped = settling and not self._may_land(passage)
        self._recorder.add(Released(t_s=self._recorder.now_s(), call=passage.call, dropped=dropped))
        if not dropped:
            passage.treatment = PASS
        return not dropped

    def _may_land(self, passage: Passage) -> bool:
        matched = passage.matched
        if matched is None or matched.operation.verb is not Verb.CREATE:
            return True
        return may_land_late(self._target(matched.operation, passage.direction))


def _same_call(held: Passage, passage: Passage) -> bool:
    if held.matched is None or passage.matched is None or held.owner != passage.owner:
        return False
    return held.matched.operation is passage.matched.operation


def _undoes(undo: Passage, held: Passage) -> bool:
    if held.owner.saga_id != undo.owner.saga_id:
        return False
    return not undo.steps or any(step in undo.steps for step in held.steps)


def _acknowledges(response: Response) -> bool:
    done = 200 <= response.status < 300 and response.status != 202
    return done or response.status in (404, 410)
