"""The calls of one run: the only place of the wire world that speaks to the fault injector.

Owns the lock around fault injector and recorder (callers live on the saga's threads, arrivals on the servers'
loop), joining what the httpx wrapper sent with what arrived, whose executor a call is, the moment at
which a process fault falls, and ending a run early. Refuses to know sockets, toxics and processes:
`participant_server`
realises symptoms, the run's executors deal the process faults.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial

from harness.clock.real import monotonic_s
from harness.errors import SagaChaosError
from harness.faults.answers import UNSEEN
from harness.faults.engine import FaultMatch
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector, OfAnEarlierRun
from harness.lifecycle import Struck
from harness.participant import Request, Response
from harness.plan import Site
from harness.plan.decision import Copy, Delay, Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.views import LoopWatch
from harness.worlds.bounds import MOST_CALLS, ended_early, too_many_calls
from harness.worlds.wire.armed_toxic import CanaryFinding
from harness.worlds.wire.call import Armed, WireCall
from harness.worlds.wire.confirmations import Confirmations
from harness.worlds.wire.due import DueFault
from harness.worlds.wire.evidence import Evidence
from harness.worlds.wire.toxics import slow_s


class RunOver(BaseException):
    """Ends a saga that has not ended by itself; not an Exception, so that sagas let it through."""


class Traffic:
    """All calls of one run, from the first to the moment it is closed."""

    def __init__(
        self,
        *,
        injector: FaultInjector,
        number: int,
        loop: asyncio.AbstractEventLoop,
        suspect: Callable[[], Future[None]],
        loops: LoopWatch,
        evidence: Evidence | None = None,
    ) -> None:
        self.injector = injector
        self.number = number
        self.loop = loop
        self.lock = threading.RLock()
        self.confirmations = Confirmations(injector, evidence or Evidence(), self.abort)
        self.executor = 0
        self.open: dict[int, WireCall] = {}
        self.tagged_seen = 0
        self.untagged_seen = 0
        self.settling = False
        self.over: str | None = None
        self.fault: SagaChaosError | None = None
        self.on_over: Callable[[], object] | None = None
        self.on_settling: Callable[[], object] | None = None
        self.inject: Callable[[DueFault], bool] | None = None  # whether it was
        self.on_restart: Callable[[int], object] | None = None  # after which call
        self.spares: Callable[[int], bool] | None = None
        self.on_closing: Callable[[], object] | None = None
        self.on_ended: Callable[[], object] | None = None
        self.on_refused: Callable[[str, int], object] | None = None
        self.occupants: dict[int, int] | None = (
            None  # endpoint set to executor; None: whoever runs, in any endpoint set
        )
        self._suspect = suspect
        self._loops = loops
        self.pauses: Mapping[Site, float] = {}  # seconds that the same run makes after a reply, unless struck
        self._silent: dict[int, int] = {}  # executor to its last call that was answered, until its next one
        self._closed = False
        self._tags: dict[str, WireCall] = {}
        self._slow: list[tuple[WireCall, Response, float]] = []  # replies under way, and when they are due

    # Ending early -----------------------------------------------------------------------------

    def abort(self, fault: SagaChaosError) -> None:
        """The harness or its machine failed: nothing that follows counts."""
        with self.lock:
            self.fault = self.fault or fault
        self.end(str(fault))

    def end(self, why: str) -> None:
        """Whoever calls from now on is told that the run is over."""
        with self.lock:
            first, self.over = self.over is None, self.over or why
        if first and self.on_over is not None:
            self.on_over()

    def close(self) -> None:
        """The run has been judged; what still arrives is nobody's."""
        with self.lock:
            if self.on_closing is not None:
                self.on_closing()
            self._closed = True
            for call in list(self.open.values()):
                self.failed(call, Symptom.SILENCE, abandoned=True)

    # What the httpx wrapper sees --------------------------------------------------------------

    def send(
        self, executor: int, participant_server: str, request: Request, *, read_timeout_s: float | None
    ) -> tuple[WireCall, str]:
        """A request is about to be sent; the tag travels with it. Raises OfAnEarlierRun."""
        with self.lock:
            self._check_over()
            call = self._new(
                executor or self.executor, participant_server, request, read_timeout_s, tagged=True
            )
            self.tagged_seen += 1
            tag = f"{self.number}.{call.in_flight.call}"
            self._tags[tag] = call
            return call, tag

    def answered(self, call: WireCall, response: Response) -> None:
        """The whole reply is with the caller."""
        with self.lock:
            self.confirmations.answered(call, response)
            self.injector.answered(call.in_flight, response)
            self._await_moment(call.in_flight)
            self._leave(call)
            once = call.in_flight.progress.deliveries == 1
            if once and call.in_flight.course.copy is Copy.AFTER_REPLY:
                self.injector.deliver(call.in_flight, copy=True)
            self._deliver_due()

    def failed(
        self,
        call: WireCall,
        symptom: Symptom,
        *,
        abandoned: bool = False,
        broken_off: bool = False,
        sent: bool = True,
        collateral: str | None = None,
    ) -> None:
        """The caller waits no more, and has no whole reply.

        sent: it tried to connect. collateral: the toxic that was armed for another call meanwhile.
        """
        with self.lock:
            self.confirmations.failed(call, symptom, left=abandoned or broken_off, sent=sent)
            if collateral is not None and call.bystander and call.in_flight.bystander:
                if symptom is Symptom.REFUSED and sent and self.on_refused is not None:
                    self.on_refused(call.participant_server, call.in_flight.call)
                else:
                    self.injector.judge.collateral(call.in_flight, symptom, collateral)
            # Of a caller that nobody sees it is known late that it has left.
            unsure = not call.tagged and not broken_off
            self.injector.failed(
                call.in_flight, symptom, abandoned=abandoned, broken_off=broken_off, unsure=unsure
            )
            self._leave(call)
            self._deliver_due()

    def suspect(self) -> None:
        """A connection failed that no fault was to strike: see whether the proxy server lives."""
        self._suspect().add_done_callback(self._convict)

    # What the servers of participants see
    # --------------------------------------------------------------------

    def arrived(
        self, participant_server: str, endpoint_set: int, tag: str | None, request: Request
    ) -> WireCall | None:
        """A request has arrived; None where it is no call of this run, or one too many."""
        with self.lock:
            if self._closed:
                return None
            self.deliver_slow()
            if tag is not None:
                call = self._tags.pop(tag, None)
            elif self._may_come(endpoint_set):
                call = self._new_untagged(endpoint_set, participant_server, request)
            else:
                return None
            if call is not None:
                self._strike_pending(call)
                self._strike_on_arrival(call)
            return call

    def through_the_injector(self, call: WireCall) -> Response:
        """Deliver or hold the request; the answer as the participant, or a fault in its place, gives it."""
        with self.lock:
            in_flight = call.in_flight
            call.arrived = True
            if in_flight.course.delivery.held:
                self.injector.hold(in_flight)
                self._deliver_due()
                return Response(status=UNSEEN)
            response = self._deliver_with_copies(in_flight)
            self._deliver_due()
            return response

    # Process faults ---------------------------------------------------------------------------

    def ended(self, executor: int) -> DueFault | None:
        """An executor has ended: the process fault that is due now, for its executors to inject."""
        with self.lock:
            in_flight = self.injector.impending(executor, ended=True)
            return None if self.settling or in_flight is None else self._due(in_flight)

    def abandon(self, executor: int) -> None:
        """The executor is dead: its calls in flight have lost their caller."""
        with self.lock:
            for call in list(self.open.values()):
                if call.in_flight.executor == executor:
                    self.failed(call, Symptom.SILENCE, abandoned=True)

    def restarted(self, call: int) -> None:
        """An executor that was struck at a call, or after it, is about to come back."""
        with self.lock:
            self.injector.restarted()
            if self.on_restart is not None:
                self.on_restart(call)

    def _await_moment(self, in_flight: InFlightCall) -> None:
        """The reply is on its way: what is to strike in the pause after it is due in a while."""
        self._silent[in_flight.executor] = in_flight.call
        if in_flight.matched is None or not self.pauses:
            return
        pause_s = self.pauses.get(Site(operation=in_flight.matched.operation.name, nth=in_flight.nth))
        due = self.injector.engine.after(
            in_flight.matched, in_flight.nth, in_flight.direction, in_flight.saga, in_flight.nth_of_saga
        )
        for moment, strike in due:
            if pause_s is not None and moment.percent is not None:
                wait_s = pause_s * moment.percent / 100
                self.loop.call_soon_threadsafe(
                    self.loop.call_later, wait_s, self._strike_between, in_flight, strike
                )

    def _strike_between(self, in_flight: InFlightCall, strike: FaultMatch) -> None:
        """On the servers' loop; too late where the next request is there, or nobody is left to strike."""
        process_fault = strike.decision.process_fault
        with self.lock:
            silent = self._silent.get(in_flight.executor) == in_flight.call
            if silent and process_fault is not None and not self._closed:
                struck = Struck(call=in_flight.call, fault=process_fault, boundary=strike.decision.boundary)
                saga_id = in_flight.owner.saga_id
                record = partial(
                    self.injector.judge.executor_struck_between,
                    in_flight.executor,
                    in_flight,
                    saga_id,
                    strike,
                )
                self._injected(DueFault(executor=in_flight.executor, struck=struck, record=record))

    def _strike_pending(self, call: WireCall) -> None:
        """The executor was answered and sent its next request, which reaches nobody."""
        in_flight = self.injector.impending(call.in_flight.executor)
        if in_flight is not None:
            lives_on = in_flight.decision.process_fault is ProcessFault.START_AGAIN
            due = self._due(in_flight, None if lives_on else partial(self._swallow, call))
            if due is not None:
                self._injected(due)

    def _swallow(self, call: WireCall) -> None:
        self.injector.swallow(call.in_flight)
        call.symptom, call.hangs = Symptom.SILENCE, True

    def _strike_on_arrival(self, call: WireCall) -> None:
        """On arrival; or applied, for then the request is applied first, and nothing comes between."""
        in_flight = call.in_flight
        boundary = in_flight.course.boundary
        due = self._due(in_flight, partial(self._hang, call, applied=boundary is Boundary.APPLIED))
        if due is None or boundary in (Boundary.ANSWERED, Boundary.ENDED):
            return
        if self._injected(due):
            self._deliver_due()
        else:  # nobody is there to be struck: the call is like any other
            self.injector.spare(in_flight)
            call.symptom = Symptom.NONE

    def _hang(self, call: WireCall, *, applied: bool) -> None:
        call.hangs = call.symptom is Symptom.SILENCE
        if applied:
            self._deliver_with_copies(call.in_flight)

    def _due(self, in_flight: InFlightCall, first: Callable[[], object] | None = None) -> DueFault | None:
        decision = in_flight.course
        process_fault = decision.process_fault
        if process_fault is None:
            return None
        return DueFault(
            executor=in_flight.executor,
            struck=Struck(call=in_flight.call, fault=process_fault, boundary=decision.boundary),
            first=first,
            record=partial(self.injector.judge.executor_struck, in_flight, process_fault),
        )

    def _injected(self, due: DueFault) -> bool:
        if self.settling or self.inject is None:
            return False
        return self.inject(due)

    # ------------------------------------------------------------------------------------------

    def armed(self, call: WireCall, armed: Armed) -> None:
        """A toxic is armed for the call, and its reply is about to be written."""
        with self.lock:
            call.armed = armed

    def canary(self, call: WireCall, found: CanaryFinding, *, left: bool) -> None:
        """What a canary under the call's toxic saw; see `Confirmations.canary`."""
        with self.lock:
            self.confirmations.canary(call, found, left=left)

    def died(self, call: WireCall, met: str | None) -> None:
        """The participant died in the middle of a call; `met`: what shows that it did not."""
        with self.lock:
            self.confirmations.died(call, met)

    def not_refused(self, call: WireCall) -> None:
        """A call has arrived that was to meet nobody."""
        with self.lock:
            self.confirmations.not_refused(call)

    def may_lose_reply(self, call: WireCall) -> bool:
        """Whether the saga holds against a lost reply to this call (RULES §5, §6)."""
        with self.lock:
            return self.injector.may_lose_reply(call.in_flight)

    def left_while_waiting(self, call: WireCall) -> None:
        """A caller left a slow call whose request was kept back: that is lost, and no reply."""
        with self.lock:
            self.injector.judge.confirmed(call.in_flight, seen=Symptom.SILENCE)
            self.failed(call, Symptom.SILENCE, abandoned=True)

    def answer_slowly(self, call: WireCall, response: Response, due_s: float) -> None:
        """A reply is under way to a caller whom nobody sees; it has it at `due_s`, unless it left before."""
        with self.lock:
            self._slow.append((call, response, due_s))

    def deliver_slow(self) -> None:
        """Record the slow replies that are with their callers by now, who may act on them."""
        with self.lock:
            due = [one for one in self._slow if one[2] <= monotonic_s()]
            self._slow = [one for one in self._slow if one not in due and not one[0].in_flight.progress.over]
            for call, response, _ in due:
                self.answered(call, response)

    def collateral(self, call: WireCall, toxic: str, *, symptom: Symptom = Symptom.SILENCE) -> None:
        """A toxic that is armed for another call struck this one, which is lost on its way."""
        with self.lock:
            call.symptom = symptom
            self.injector.judge.collateral(call.in_flight, symptom, toxic)

    def heal(self) -> None:
        """Every fault ends; what is held and may land does."""
        with self.lock:
            self.settling = self.confirmations.settling = True
            for in_flight in self.injector.heal():
                self._deliver_held(in_flight)
        if self.on_settling is not None:
            self.on_settling()

    # ------------------------------------------------------------------------------------------

    def _may_come(self, endpoint_set: int) -> bool:
        """Whether a request that nobody saw leave is still a call of this run."""
        if self.injector.calls >= MOST_CALLS:
            self.end(_too_many())
        if self.over is not None:
            return False
        if self.occupants is None:
            return True
        return endpoint_set in self.occupants or (
            not endpoint_set and bool(self.occupants)
        )  # else its sender is dead

    def _occupant(self, endpoint_set: int) -> int:
        if self.occupants is None:
            return self.executor
        return self.occupants.get(endpoint_set) or max(self.occupants.values())

    def _check_over(self) -> None:
        if self.over is None and self.injector.calls >= MOST_CALLS:
            self.end(_too_many())
        if self.over is not None:
            raise RunOver(self.over)

    def _new_untagged(self, endpoint_set: int, participant_server: str, request: Request) -> WireCall | None:
        """None for an engine that outlives its runs, and works at one that was judged (DESIGN, HTTP)."""
        try:
            call = self._new(self._occupant(endpoint_set), participant_server, request, None, tagged=False)
        except OfAnEarlierRun:
            return None
        self.untagged_seen += 1
        return call

    def _new(
        self,
        executor: int,
        participant_server: str,
        request: Request,
        read_timeout_s: float | None,
        *,
        tagged: bool,
    ) -> WireCall:
        endless = tagged and read_timeout_s is None
        in_flight = self.injector.send(
            executor,
            participant_server,
            request,
            endless=endless,
            spares=self.spares,
            too_late=None if read_timeout_s is None else partial(_too_late, read_timeout_s),
        )
        self._silent.pop(executor, None)
        if self.injector.broken is not None:
            self.abort(self.injector.broken)
        call = WireCall(
            in_flight=in_flight,
            participant_server=participant_server,
            tagged=tagged,
            symptom=in_flight.decision.symptom,
            endless=endless,
            read_timeout_s=read_timeout_s,
        )
        self.open[in_flight.call] = call
        why = self._loops.sent(executor, in_flight.owner.saga_id, in_flight.steps, in_flight.direction)
        if why is not None:
            self.end(ended_early(why))
        return call

    def _leave(self, call: WireCall) -> None:
        self.open.pop(call.in_flight.call, None)
        if call.left is not None:
            self.loop.call_soon_threadsafe(call.left.set)

    def _deliver_with_copies(self, in_flight: InFlightCall) -> Response:
        copy = in_flight.course.copy
        if copy is Copy.CONCURRENT:
            self.injector.deliver(in_flight, copy=True)
        response = self.injector.deliver(in_flight)
        if copy is Copy.AT_ONCE:
            self.injector.deliver(in_flight, copy=True)
        return response

    def _deliver_due(self) -> None:
        for in_flight in self.injector.take_due():
            self._deliver_held(in_flight)

    def _deliver_held(self, in_flight: InFlightCall) -> None:
        self.injector.deliver(in_flight)
        self._deliver_due()

    def _convict(self, check: Future[None]) -> None:
        error = None if check.cancelled() else check.exception()
        if isinstance(error, SagaChaosError):
            self.abort(error)


def _too_late(read_timeout_s: float, delay: Delay) -> bool:
    return slow_s(delay, read_timeout_s) >= read_timeout_s


def _too_many() -> str:
    return too_many_calls(MOST_CALLS)
