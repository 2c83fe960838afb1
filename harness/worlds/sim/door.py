"""The door of a run of several sagas in virtual time: which saga a call is of, and how it goes on.

Refuses to hold calls itself (`harness.lifecycle.door`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.history import Recorder
from harness.lifecycle import Door, Turns
from harness.plan import FaultPlan
from harness.plan.decision import Symptom
from harness.saga import SagaStart
from harness.worlds.sim.exchange import Exchange


class SimDoor:
    """Of one run. The supervisor sets `begin`, which starts a saga by its number, and `number`.

    number: which saga an executor works for.
    """

    begin: Callable[[int], object]
    number: Callable[[int], int]

    def __init__(self, plan: FaultPlan, recorder: Recorder, sagas: Sequence[SagaStart]) -> None:
        ids = [one.id for one in sagas]
        self._door = Door(Turns(plan), recorder, ids, self._begin)
        self.open, self.left, self.heal = self._door.open, self._door.left, self._door.heal
        self.idle, self.loop_stopped = self._door.idle, self._door.loop_stopped

    def _begin(self, saga: int) -> None:
        self.begin(saga)

    def comes(self, exchange: Exchange) -> None:
        """A call was sent: it goes on its way, now or when its saga goes on.

        Where nobody listens there is no door: on the wire such a call is seen by nobody.
        """
        in_flight = exchange.in_flight
        if in_flight.course.symptom is Symptom.REFUSED:
            exchange.start()
            return
        saga, matched = self.number(in_flight.executor), in_flight.matched
        operation = None if matched is None else matched.operation.name
        self._door.comes(saga, operation, in_flight.call, exchange.start)

    def ended(self, exchange: Exchange) -> None:
        """A call ended: where its saga does nothing but ask again, another one goes on."""
        in_flight, reply = exchange.in_flight, exchange.response
        if reply is not None and in_flight.fault_match is None:
            self._door.answered(self.number(in_flight.executor), in_flight.mark(reply))
