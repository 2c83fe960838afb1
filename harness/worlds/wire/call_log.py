"""The calls of one run, from the moment at which each is sent or seen to that at which its caller has left.

Owns joining what the httpx wrapper sent with what arrived, which calls are under way, and slow replies
that nobody sees arrive. Callers live on the saga's threads, arrivals on the servers' loop: each method
takes the lock of the run. Refuses to know sockets and toxics (`participant_server`), and whose executor
a call is (`executor_registry`).
"""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import Protocol

from harness.clock.real import monotonic_s
from harness.faults.answers import UNSEEN
from harness.faults.identification import OfAnEarlierRun
from harness.faults.injector import FaultInjector
from harness.participant import Request, Response
from harness.plan.decision import Copy, Delay, Symptom
from harness.views import LoopWatch
from harness.worlds.bounds import MOST_CALLS, ended_early, too_many_calls
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.confirmations import Confirmations
from harness.worlds.wire.door import WireDoor
from harness.worlds.wire.executor_registry import ExecutorRegistry
from harness.worlds.wire.process_fault_times import ProcessFaultTimes
from harness.worlds.wire.run_signals import RunSignals
from harness.worlds.wire.toxics import slow_s


class Absences(Protocol):
    """What the calls of a run need to know of participants that are away (`outages`)."""

    def spares(self, fault: int) -> bool:
        """Whether the proxy has shown a fault of the plan already."""

    def refused(self, participant: str, call: int) -> None:
        """A call was seen to be refused."""


class CallLog:
    """Of one run. number: of the run, which the tags of its calls carry."""

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the run
        self,
        *,
        number: int,
        lock: threading.RLock,
        loop: asyncio.AbstractEventLoop,
        injector: FaultInjector,
        signals: RunSignals,
        executors: ExecutorRegistry,
        confirmations: Confirmations,
        times: ProcessFaultTimes,
        loops: LoopWatch,
        absences: Absences | None,
        door: WireDoor | None,
    ) -> None:
        self._number = number
        self._lock = lock
        self._door = door
        self._loop = loop
        self._injector = injector
        self._signals = signals
        self._executors = executors
        self._confirmations = confirmations
        self._times = times
        self._loops = loops
        self._absences = absences
        self._open: dict[int, WireCall] = {}
        self._tags: dict[str, WireCall] = {}
        self._slow: list[tuple[WireCall, Response, float]] = []  # replies under way, and when they are due
        self._tagged_seen = self._untagged_seen = 0
        self._strangers = 0
        self._cut_short = False

    # What was seen ----------------------------------------------------------------------------

    @property
    def under_way(self) -> bool:
        """Whether a caller still waits."""
        return bool(self._open)

    @property
    def all_tagged(self) -> bool:
        """Whether there were calls, and the httpx wrapper saw each."""
        return self._tagged_seen > 0 and not self._untagged_seen

    @property
    def any_untagged(self) -> bool:
        """Whether a call came that the httpx wrapper did not see."""
        return self._untagged_seen > 0

    @property
    def leftovers(self) -> bool:
        """Whether a saga is at work that should not be: of an earlier run, or of this one after its end."""
        return self._strangers > 0 or self._cut_short

    def bystanders(self, participant_server: str) -> bool:
        """Whether a call is under way to a server whose caller is seen, and that no fault strikes."""
        with self._lock:
            return any(
                one.bystander and one.tagged and one.participant_server == participant_server
                for one in self._open.values()
            )

    # What the httpx wrapper sees --------------------------------------------------------------

    def send(
        self, executor: int, participant_server: str, request: Request, *, read_timeout_s: float | None
    ) -> tuple[WireCall, str]:
        """A request is about to be sent; the tag travels with it. Raises OfAnEarlierRun, RunOver."""
        with self._lock:
            self._end_where_too_many()
            self._signals.check()
            executor = executor or self._executors.latest
            call = self._new(executor, participant_server, request, read_timeout_s, tagged=True)
            self._tagged_seen += 1
            tag = f"{self._number}.{call.in_flight.call}"
            self._tags[tag] = call
            return call, tag

    def answered(self, call: WireCall, response: Response) -> None:
        """The whole reply is with the caller."""
        with self._lock:
            self._confirmations.answered(call, response)
            self._injector.answered(call.in_flight, response)
            self._times.answered(call.in_flight)
            self._leave(call)
            once = call.in_flight.progress.deliveries == 1
            if once and call.in_flight.course.copy is Copy.AFTER_REPLY:
                self._injector.deliver(call.in_flight, copy=True)
            self._deliver_due()
            if self._door is not None:
                self._door.answered(call, response)

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
        with self._lock:
            self._confirmations.failed(call, symptom, left=abandoned or broken_off, sent=sent)
            if collateral is not None and call.bystander and call.in_flight.bystander:
                if symptom is Symptom.REFUSED and sent and self._absences is not None:
                    self._absences.refused(call.participant_server, call.in_flight.call)
                else:
                    self._injector.judge.collateral(call.in_flight, symptom, collateral)
            # Of a caller that nobody sees it is known late that it has left.
            unsure = not call.tagged and not broken_off
            self._injector.failed(
                call.in_flight,
                symptom,
                abandoned=abandoned,
                broken_off=broken_off,
                unsure=unsure,
                late=call.late,
            )
            self._leave(call)
            self._deliver_due()

    # What the servers of participants see -----------------------------------------------------

    def arrived(
        self, participant_server: str, endpoint_set: int, tag: str | None, request: Request
    ) -> WireCall | None:
        """A request has arrived; None where it is no call of this run, or one too many."""
        with self._lock:
            if self._signals.closed:
                self._strangers += 1
                return None
            self.deliver_slow()
            if tag is not None:
                call = self._tags.pop(tag, None)
            else:
                call = self._new_untagged(endpoint_set, participant_server, request)
            if call is not None:
                self._times.arrived(call)
                self._deliver_due()
            return call

    def through_the_injector(self, call: WireCall) -> Response:
        """Deliver or hold the request; the answer as the participant, or a fault in its place, gives it."""
        with self._lock:
            call.arrived = True
            if call.in_flight.course.delivery.held:
                self._injector.hold(call.in_flight)
                response = Response(status=UNSEEN)
            else:
                response = self._injector.deliver_with_copies(call.in_flight)
            self._deliver_due()
            return response

    def may_lose_reply(self, call: WireCall) -> bool:
        """Whether the saga holds against a lost reply to this call (RULES §5, §6)."""
        with self._lock:
            return self._injector.may_lose_reply(call.in_flight)

    def left_while_waiting(self, call: WireCall) -> None:
        """A caller left a slow call whose request was kept back: that is lost, and no reply."""
        with self._lock:
            self._injector.judge.confirmed(call.in_flight, seen=Symptom.SILENCE)
            self.failed(call, Symptom.SILENCE, abandoned=True)

    def answer_slowly(self, call: WireCall, response: Response, due_s: float) -> None:
        """A reply is under way to a caller whom nobody sees; it has it at `due_s`, unless it left before."""
        with self._lock:
            self._slow.append((call, response, due_s))

    def deliver_slow(self) -> None:
        """Record the slow replies that are with their callers by now, who may act on them."""
        with self._lock:
            due = [one for one in self._slow if one[2] <= monotonic_s()]
            self._slow = [one for one in self._slow if one not in due and not one[0].in_flight.progress.over]
            for call, response, _ in due:
                self.answered(call, response)

    def collateral(self, call: WireCall, toxic: str, *, symptom: Symptom = Symptom.SILENCE) -> None:
        """A toxic that is armed for another call struck this one, which is lost on its way."""
        with self._lock:
            call.symptom = symptom
            self._injector.judge.collateral(call.in_flight, symptom, toxic)

    # What the run and its executors tell ------------------------------------------------------

    def abandon(self, executor: int) -> None:
        """The executor is dead: its calls in flight have lost their caller."""
        self._abandon(executor)

    def heal(self) -> None:
        """Every fault ends; what is held and may land does."""
        with self._lock:
            self._signals.settle()
            for in_flight in self._injector.heal():
                self._injector.deliver(in_flight)
                self._deliver_due()

    def close(self) -> None:
        """The run has been judged; what is still under way has lost its caller."""
        with self._lock:
            self._signals.close()
            self._cut_short = bool(self._open)
            self._abandon(None)

    # ------------------------------------------------------------------------------------------

    def _abandon(self, executor: int | None) -> None:
        """executor: None for all of them."""
        with self._lock:
            for call in tuple(self._open.values()):
                if executor is None or call.in_flight.executor == executor:
                    self.failed(call, Symptom.SILENCE, abandoned=True)

    def _end_where_too_many(self) -> None:
        if self._injector.calls >= MOST_CALLS:
            self._signals.end(too_many_calls(MOST_CALLS))

    def _new_untagged(self, endpoint_set: int, participant_server: str, request: Request) -> WireCall | None:
        """None for a dead sender, and for an engine that works at a saga that was judged (DESIGN, HTTP)."""
        self._end_where_too_many()
        if self._signals.over is not None or not self._executors.may_call(endpoint_set):
            return None
        try:
            executor = self._executors.caller_at(endpoint_set)
            call = self._new(executor, participant_server, request, None, tagged=False)
        except OfAnEarlierRun:
            self._strangers += 1
            return None
        self._untagged_seen += 1
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
        in_flight = self._injector.send(
            executor,
            participant_server,
            request,
            endless=endless,
            spares=None if self._absences is None else self._absences.spares,
            too_late=None if read_timeout_s is None else partial(_too_late, read_timeout_s),
        )
        self._times.sent(in_flight.executor)
        if self._injector.broken is not None:
            self._signals.abort(self._injector.broken)
        call = WireCall(
            in_flight=in_flight,
            participant_server=participant_server,
            tagged=tagged,
            symptom=in_flight.decision.symptom,
            endless=endless,
            read_timeout_s=read_timeout_s,
        )
        self._open[in_flight.call] = call
        why = self._loops.sent(
            in_flight.executor, in_flight.owner.saga_id, in_flight.steps, in_flight.direction
        )
        if why is not None:
            self._signals.end(ended_early(why))
        return call

    def _leave(self, call: WireCall) -> None:
        self._open.pop(call.in_flight.call, None)
        if call.left is not None:
            self._loop.call_soon_threadsafe(call.left.set)

    def _deliver_due(self) -> None:
        for in_flight in self._injector.take_due():
            self._injector.deliver(in_flight)
            self._deliver_due()


def _too_late(read_timeout_s: float, delay: Delay) -> bool:
    return slow_s(delay, read_timeout_s) >= read_timeout_s
