"""Requests held at the fault injector: until their trigger comes, or everything heals."""

from __future__ import annotations

from collections.abc import Callable

from harness.faults.in_flight import InFlightCall
from harness.faults.limits import may_land_late
from harness.faults.progress import RequestState
from harness.history import Held, Recorder, Released
from harness.participant import Operation, Response, Verb
from harness.plan.decision import Delivery
from harness.plan.types import Target
from harness.saga import Direction


class HeldRequests:
    """What is held in one run. Those whose trigger has come wait in `take_due` for their world."""

    def __init__(self, recorder: Recorder, target: Callable[[Operation, Direction | None], Target]) -> None:
        self._recorder = recorder
        self._target = target
        self._held: list[InFlightCall] = []
        self._due: list[InFlightCall] = []
        self._healed = False

    def hold(self, in_flight: InFlightCall) -> None:
        """Keep a request."""
        in_flight.progress.request_is(RequestState.HELD)
        self._held.append(in_flight)
        until = in_flight.decision.delivery
        self._recorder.add(Held(t_s=self._recorder.now_s(), call=in_flight.call, until=until))
        if self._healed:  # sent before everything healed, and here only now
            self._due += self._release_all()

    def take_due(self) -> list[InFlightCall]:
        """Those to deliver now."""
        if not self._due:  # nearly always
            return []
        due, self._due = self._due, []
        return due

    def heal(self) -> list[InFlightCall]:
        """All that is held and may land; what may not is dropped (RULES §6)."""
        self._healed = True
        return self._release_all()

    def _release_all(self) -> list[InFlightCall]:
        held, self._held = self._held, []
        return [in_flight for in_flight in held if self._release(in_flight, settling=True)]

    def delivered(self, in_flight: InFlightCall) -> None:
        """A request was delivered: whoever waits for the sender's next call there is due."""
        if not self._held:  # nearly always
            return
        for held in self._until(Delivery.AFTER_RETRY):
            if held is not in_flight and _same_call(held, in_flight):
                self._fall_due(held)

    def answered(self, in_flight: InFlightCall, response: Response) -> None:
        """A call was answered: whoever waits for that undo is due."""
        if not self._held or in_flight.direction is not Direction.COMPENSATION or not _acknowledges(response):
            return
        for held in self._until(Delivery.AFTER_UNDO):
            if _undoes(in_flight, held):
                self._fall_due(held)

    def _until(self, delivery: Delivery) -> list[InFlightCall]:
        return [one for one in self._held if one.decision.delivery is delivery]

    def _fall_due(self, in_flight: InFlightCall) -> None:
        self._held.remove(in_flight)
        self._release(in_flight)
        self._due.append(in_flight)

    def _release(self, in_flight: InFlightCall, *, settling: bool = False) -> bool:
        dropped = settling and not self._may_land(in_flight)
        self._recorder.add(Released(t_s=self._recorder.now_s(), call=in_flight.call, dropped=dropped))
        in_flight.progress.request_is(RequestState.DROPPED if dropped else RequestState.RELEASED)
        return not dropped

    def _may_land(self, in_flight: InFlightCall) -> bool:
        matched = in_flight.matched
        if matched is None or matched.operation.verb is not Verb.CREATE:
            return True
        return may_land_late(self._target(matched.operation, in_flight.direction))


def _same_call(held: InFlightCall, in_flight: InFlightCall) -> bool:
    if held.matched is None or in_flight.matched is None or held.owner != in_flight.owner:
        return False
    return held.matched.operation is in_flight.matched.operation


def _undoes(undo: InFlightCall, held: InFlightCall) -> bool:
    if held.owner.saga_id != undo.owner.saga_id:
        return False
    return not undo.steps or any(step in undo.steps for step in held.steps)


def _acknowledges(response: Response) -> bool:
    done = 200 <= response.status < 300 and response.status != 202
    return done or response.status in (404, 410)
