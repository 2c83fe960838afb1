"""When a process fault is due, as the calls of a run tell: at which boundary of a call, or between two.

Owns the moments: a request arrives, the one after an answered call arrives, an executor ends, a share of
a pause has passed. Refuses to inject anything (`executors`). Everything here is called under the lock of
the run, or takes it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from functools import partial

from harness.faults.engine import FaultMatch
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.lifecycle import Struck
from harness.plan import Site
from harness.plan.decision import Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.due import DueFault
from harness.worlds.wire.executor_registry import ExecutorRegistry
from harness.worlds.wire.run_signals import RunSignals


class ProcessFaultTimes:
    """Of one run. pauses: seconds that the same run makes after a reply, unless it is struck there."""

    def __init__(
        self,
        *,
        injector: FaultInjector,
        executors: ExecutorRegistry,
        signals: RunSignals,
        lock: threading.RLock,
        loop: asyncio.AbstractEventLoop,
        pauses: Mapping[Site, float],
    ) -> None:
        self._injector = injector
        self._executors = executors
        self._signals = signals
        self._lock = lock
        self._loop = loop
        self._pauses = pauses
        self._silent: dict[int, int] = {}  # executor to its last call that was answered, until its next one

    def sent(self, executor: int) -> None:
        """An executor has sent a request: it is between two calls no more."""
        self._silent.pop(executor, None)

    def arrived(self, call: WireCall) -> None:
        """A request has arrived: what is due with it is injected now, and may leave it without an answer."""
        self._strike_pending(call)
        self._strike_on_arrival(call)

    def answered(self, in_flight: InFlightCall) -> None:
        """The reply is on its way: what is to strike in the pause after it is due in a while."""
        self._silent[in_flight.executor] = in_flight.call
        if in_flight.matched is None or not self._pauses:
            return
        pause_s = self._pauses.get(Site(operation=in_flight.matched.operation.name, nth=in_flight.nth))
        due = self._injector.engine.after(
            in_flight.matched, in_flight.nth, in_flight.direction, in_flight.saga, in_flight.nth_of_saga
        )
        for moment, match in due:
            if pause_s is not None and moment.percent is not None:
                wait_s = pause_s * moment.percent / 100
                self._loop.call_soon_threadsafe(
                    self._loop.call_later, wait_s, self._strike_between, in_flight, match
                )

    def ended(self, executor: int) -> DueFault | None:
        """An executor has ended: the process fault that is due now, for its executors to inject."""
        with self._lock:
            in_flight = self._injector.impending(executor, ended=True)
            return None if self._signals.settling or in_flight is None else self._due(in_flight)

    # ------------------------------------------------------------------------------------------

    def _strike_between(self, in_flight: InFlightCall, match: FaultMatch) -> None:
        """On the servers' loop; too late where the next request is there, or nobody is left to strike."""
        process_fault = match.decision.process_fault
        with self._lock:
            silent = self._silent.get(in_flight.executor) == in_flight.call
            if not silent or process_fault is None or self._signals.closed:
                return
            struck = Struck(call=in_flight.call, fault=process_fault, boundary=match.decision.boundary)
            record = partial(
                self._injector.judge.executor_struck_between,
                in_flight.executor,
                in_flight,
                in_flight.owner.saga_id,
                match,
            )
            self._executors.inject(DueFault(executor=in_flight.executor, struck=struck, record=record))

    def _strike_pending(self, call: WireCall) -> None:
        """The executor was answered and sent its next request, which reaches nobody."""
        in_flight = self._injector.impending(call.in_flight.executor)
        if in_flight is not None:
            lives_on = in_flight.decision.process_fault is ProcessFault.START_AGAIN
            due = self._due(in_flight, None if lives_on else partial(self._swallow, call))
            if due is not None:
                self._executors.inject(due)

    def _swallow(self, call: WireCall) -> None:
        self._injector.swallow(call.in_flight)
        call.symptom, call.hangs = Symptom.SILENCE, True

    def _strike_on_arrival(self, call: WireCall) -> None:
        """On arrival; or applied, for then the request is applied first, and nothing comes between."""
        in_flight = call.in_flight
        boundary = in_flight.course.boundary
        due = self._due(in_flight, partial(self._hang, call, applied=boundary is Boundary.APPLIED))
        if due is None or boundary in (Boundary.ANSWERED, Boundary.ENDED):
            return
        if not self._executors.inject(due):  # nobody is there to be struck: the call is like any other
            self._injector.spare(in_flight)
            call.symptom = Symptom.NONE

    def _hang(self, call: WireCall, *, applied: bool) -> None:
        call.hangs = call.symptom is Symptom.SILENCE
        if applied:
            self._injector.deliver_with_copies(call.in_flight)

    def _due(self, in_flight: InFlightCall, first: Callable[[], object] | None = None) -> DueFault | None:
        course = in_flight.course
        if course.process_fault is None:
            return None
        return DueFault(
            executor=in_flight.executor,
            struck=Struck(call=in_flight.call, fault=course.process_fault, boundary=course.boundary),
            first=first,
            record=partial(self._injector.judge.executor_struck, in_flight, course.process_fault),
        )
