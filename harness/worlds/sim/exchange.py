"""One call on its way through virtual time: up, through the fault injector, and down again.

Deliveries are events of the scheduler, detached from the caller: one that stops waiting does not
take its request back, so effects may land late.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from harness.clock import Scheduler, Timer
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.participant import Response
from harness.plan.decision import Copy, Symptom
from harness.process_faults import Boundary

UP_S = 0.001
DOWN_S = 0.001
SLOW_WITHOUT_TIMEOUT_S = 1.0


class UnderWay(Protocol):
    """What an executor that dies leaves behind: a call of its own, or a delivery to it."""

    on_done: Callable[[], object] | None

    def fail(self, symptom: Symptom, *, abandoned: bool = False, broken_off: bool = False) -> None:
        """Nobody waits for it any more."""


class Exchange:
    """One call. `on_done` is called once: with a response, or with a symptom.

    inject: the process fault of a call is due; answers whether it was injected. over: hears that the call
    has ended. arrives: the earlier call whose process fault is due as this one arrives. up_s, down_s: how
    long the request and the reply are under way. heard: told of the call when it has ended and its saga has
    not gone on yet.
    """

    __slots__ = (
        "_inject",
        "_injector",
        "_over",
        "_timer",
        "arrives",
        "done",
        "down_s",
        "heard",
        "in_flight",
        "on_done",
        "read_timeout_s",
        "response",
        "scheduler",
        "symptom",
        "up_s",
    )

    def __init__(
        self,
        scheduler: Scheduler,
        injector: FaultInjector,
        in_flight: InFlightCall,
        read_timeout_s: float | None,
        inject: Callable[[InFlightCall], bool],
        over: Callable[[InFlightCall], object] | None = None,
    ) -> None:
        self.scheduler = scheduler
        self._injector = injector
        self.in_flight = in_flight
        self.read_timeout_s = read_timeout_s
        self.done = False
        self.response: Response | None = None
        self.symptom = Symptom.NONE
        self.on_done: Callable[[], object] | None = None
        self._timer: Timer | None = None
        self._inject = inject
        self._over = over
        self.arrives: InFlightCall | None = None
        self.up_s = UP_S
        self.down_s = DOWN_S
        self.heard: Callable[[Exchange], object] | None = None

    def start(self) -> None:
        """Put the request on its way."""
        if self.in_flight.course.symptom is Symptom.REFUSED:
            self.scheduler.call_later(self.up_s, lambda: self.fail(Symptom.REFUSED))
            return
        self.scheduler.call_later(self.up_s, self._arrive)
        if self.read_timeout_s is not None:
            self._timer = self.scheduler.call_later(self.read_timeout_s, lambda: self.fail(Symptom.SILENCE))

    def fail(self, symptom: Symptom, *, abandoned: bool = False, broken_off: bool = False) -> None:
        """The caller sees no whole reply, or stops waiting for one."""
        if self.done:
            return
        self._injector.failed(self.in_flight, symptom, abandoned=abandoned, broken_off=broken_off)
        self.symptom = symptom
        self._finish()

    @property
    def silent(self) -> bool:
        """Whether no answer is on its way."""
        return not self.done and self.in_flight.course.symptom is Symptom.SILENCE

    def _arrive(self) -> None:
        if self.arrives is not None and not self._inject(self.arrives):
            self.spare()
        course = self.in_flight.course
        if course.process_fault is not None:
            self._strike(Boundary.ON_ARRIVAL)
            course = self.in_flight.course
        if course.delivery.held:
            self._injector.hold(self.in_flight)
            deliver_due(self.scheduler, self._injector)
            return
        if course.symptom is Symptom.DELAYED and not self._injector.may_lose_reply(self.in_flight):
            self.scheduler.call_later(self._slow_s() - self.down_s, self._arrive_late)
            return
        self._pass_through()

    def _arrive_late(self) -> None:
        """Slow on the way up: a caller that has left must not have lost a reply that it may not lose."""
        if not self.done:
            self._injector.judge.kept_back(self.in_flight)
            response = self._injector.deliver_with_copies(self.in_flight)
            deliver_due(self.scheduler, self._injector)
            self.scheduler.call_later(self.down_s, lambda: self._answer(response))

    def _pass_through(self) -> None:
        response = self._injector.deliver_with_copies(self.in_flight)
        if self.in_flight.course.process_fault is not None:
            self._strike(Boundary.APPLIED)
        deliver_due(self.scheduler, self._injector)
        self._send_down(response)

    def _strike(self, boundary: Boundary) -> None:
        if self.in_flight.course.boundary is boundary and not self._inject(self.in_flight):
            self.spare()

    def spare(self) -> None:
        """Its process fault can strike nobody any more: the call is like any other."""
        if not self.done:
            self._injector.spare(self.in_flight)

    def _send_down(self, response: Response) -> None:
        course = self.in_flight.course
        if course.copy is Copy.AFTER_REPLY:
            self.scheduler.call_later(2 * self.down_s, self._deliver_copy)
        if course.symptom is Symptom.NONE:
            self.scheduler.call_later(self.down_s, lambda: self._answer(response))
        elif course.symptom is Symptom.DELAYED:
            self.scheduler.call_later(self._slow_s(), lambda: self._answer(response))
        elif course.symptom is Symptom.SILENCE:
            self.scheduler.call_later(self.down_s, self._stay_silent)
        elif course.symptom in (Symptom.RESET, Symptom.CUT):
            self.scheduler.call_later(self.down_s, lambda: self.fail(course.symptom))

    def _slow_s(self) -> float:
        """From the arrival of the request to that of the reply."""
        timeout_s = 2 * SLOW_WITHOUT_TIMEOUT_S if self.read_timeout_s is None else self.read_timeout_s
        late_s = self.in_flight.decision.delay.of_s(timeout_s)
        # At the very end of the time-out it is too late, whatever rounding says.
        return max(late_s if late_s >= timeout_s else late_s - self.up_s, self.down_s)

    def _answer(self, response: Response) -> None:
        if self.done:
            return
        self._injector.answered(self.in_flight, response)
        self.response = response
        self._finish()
        deliver_due(self.scheduler, self._injector)

    def _stay_silent(self) -> None:
        self._injector.judge.waited_in_vain(self.in_flight)

    def _deliver_copy(self) -> None:
        self._injector.deliver(self.in_flight, copy=True)
        deliver_due(self.scheduler, self._injector)

    def _finish(self) -> None:
        self.done = True
        if self._timer is not None:
            self._timer.cancel()
        if self._over is not None:
            self._over(self.in_flight)
        if self.heard is not None:
            self.heard(self)
        if self.on_done is not None:
            self.on_done()


def deliver_due(scheduler: Scheduler, injector: FaultInjector) -> None:
    """Put held requests whose trigger has come on the rest of their way."""
    for in_flight in injector.take_due():
        scheduler.call_later(UP_S, partial(injector.deliver, in_flight))
