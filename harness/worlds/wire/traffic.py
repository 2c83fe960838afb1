"""The calls of one run: the only place of the wire world that speaks to the door.

Owns the lock around door and recorder (callers live on the saga's threads, arrivals on the servers'
loop), joining what the httpx wrapper sent with what arrived, and ending a run early. Refuses to know
sockets and toxics; `station` realises symptoms.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from harness.errors import EnvironmentFault, SagaChaosError
from harness.faults.answers import UNSEEN
from harness.faults.door import Door
from harness.faults.passage import Passage
from harness.participant import Request, Response
from harness.plan.treatment import Copy, Symptom

MOST_CALLS = 10_000


class RunOver(BaseException):
    """Ends a saga that has not ended by itself; not an Exception, so that sagas let it through."""


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One call on the wire.

    tagged: seen by the httpx wrapper, which then says how it ended; else the door finds out.
    symptom: what the caller is to see; kept here, for a held request loses its treatment when it lands.
    toxic: what was armed for it. left: set on the servers' loop once the caller waits no more.
    """

    passage: Passage
    station: str
    tagged: bool
    symptom: Symptom
    endless: bool = False
    toxic: str | None = None
    left: asyncio.Event | None = None

    @property
    def innocent(self) -> bool:
        """Under way, and to be answered like any other."""
        return self.symptom is Symptom.NONE and not self.passage.over


class Traffic:
    """All calls of one run, from the first to the moment it is closed."""

    def __init__(
        self,
        *,
        door: Door,
        number: int,
        loop: asyncio.AbstractEventLoop,
        suspect: Callable[[], Future[None]],
    ) -> None:
        self.door = door
        self.number = number
        self.loop = loop
        self.lock = threading.RLock()
        self.executor = 0
        self.open: dict[int, Call] = {}
        self.tagged_seen = 0
        self.untagged_seen = 0
        self.settling = False
        self.over: str | None = None
        self.fault: SagaChaosError | None = None
        self.on_over: Callable[[], object] | None = None
        self._suspect = suspect
        self._closed = False
        self._tags: dict[str, Call] = {}

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
            self._closed = True
            for call in list(self.open.values()):
                self.failed(call, Symptom.SILENCE, abandoned=True)

    # What the httpx wrapper sees --------------------------------------------------------------

    def send(self, executor: int, station: str, request: Request, *, endless: bool) -> tuple[Call, str]:
        """A request is about to be sent; the tag travels with it."""
        with self.lock:
            self._check_over()
            self.tagged_seen += 1
            call = self._new(executor or self.executor, station, request, tagged=True, endless=endless)
            tag = f"{self.number}.{call.passage.call}"
            self._tags[tag] = call
            return call, tag

    def answered(self, call: Call, response: Response) -> None:
        """The whole reply is with the caller."""
        with self.lock:
            if not call.passage.over and call.symptom not in (Symptom.NONE, Symptom.DELAYED):
                self._leaked(call, response)
            self._slow_receipt(call)
            self.door.answered(call.passage, response)
            self._leave(call)
            if call.passage.treatment.copy is Copy.AFTER_REPLY and call.passage.deliveries == 1:
                self.door.deliver(call.passage, copy=True)
                self.door.receipt(call.passage)
            self._deliver_due()

    def failed(
        self, call: Call, symptom: Symptom, *, abandoned: bool = False, broken_off: bool = False
    ) -> None:
        """The caller waits no more, and has no whole reply."""
        with self.lock:
            self._slow_receipt(call, kind="lose_reply")
            self.door.failed(call.passage, symptom, abandoned=abandoned, broken_off=broken_off)
            self._leave(call)
            self._deliver_due()

    def suspect(self) -> None:
        """A connection failed that no fault was to strike: see whether the proxy server lives."""
        self._suspect().add_done_callback(self._convict)

    # What the stations see --------------------------------------------------------------------

    def arrived(self, station: str, tag: str | None, request: Request) -> Call | None:
        """A request has arrived; None where it is no call of this run, or one too many."""
        with self.lock:
            if self._closed:
                return None
            if tag is not None:
                return self._tags.pop(tag, None)
            if self.door.calls >= MOST_CALLS:
                self.end(_too_many())
            if self.over is not None:
                return None
            self.untagged_seen += 1
            return self._new(self.executor, station, request, tagged=False, endless=False)

    def through_the_door(self, call: Call) -> Response:
        """Deliver or hold the request; the answer as the participant, or a fault in its place, gives it."""
        with self.lock:
            passage = call.passage
            if passage.treatment.delivery.held:
                self.door.hold(passage)
                return Response(status=UNSEEN)
            response = self._deliver_with_copies(passage)
            if passage.struck_at_delivery and passage.treatment.symptom is Symptom.NONE:
                self.door.receipt(passage)
            self._deliver_due()
            return response

    def armed(self, call: Call, toxic: str) -> None:
        """The call's toxic is armed: its fault has fired, unless that is still to be seen."""
        with self.lock:
            call.toxic = toxic
            if call.symptom is not Symptom.DELAYED and not call.passage.treatment.delivery.held:
                self.door.receipt(call.passage, toxic)

    def accident(self, call: Call, toxic: str) -> None:
        """A toxic that is armed for another call struck this one, which is lost on its way."""
        with self.lock:
            call.symptom = Symptom.SILENCE
            self.door.accident(call.passage, "lose_request", toxic)

    def heal(self) -> None:
        """Every fault ends; what is held and may land does."""
        with self.lock:
            self.settling = True
            for passage in self.door.heal():
                self._deliver_held(passage)

    # ------------------------------------------------------------------------------------------

    def _check_over(self) -> None:
        if self.over is None and self.door.calls >= MOST_CALLS:
            self.end(_too_many())
        if self.over is not None:
            raise RunOver(self.over)

    def _new(self, executor: int, station: str, request: Request, *, tagged: bool, endless: bool) -> Call:
        passage = self.door.send(executor, station, request, endless=endless)
        call = Call(
            passage=passage,
            station=station,
            tagged=tagged,
            symptom=passage.treatment.symptom,
            endless=endless,
        )
        self.open[passage.call] = call
        return call

    def _leave(self, call: Call) -> None:
        self.open.pop(call.passage.call, None)
        if call.left is not None:
            self.loop.call_soon_threadsafe(call.left.set)

    def _leaked(self, call: Call, response: Response) -> None:
        self.abort(
            ProxyIdle(
                f"proxy of {call.station!r}: found reply {response.status} with the caller, expected "
                f"toxic {call.toxic or call.symptom.value!r} to stand in its way; is it a Toxiproxy server?"
            )
        )

    def _slow_receipt(self, call: Call, kind: str | None = None) -> None:
        """Whether a slow answer came in time is known once the caller has it or has left."""
        if call.symptom is Symptom.DELAYED and call.toxic is not None and not call.passage.over:
            self.door.receipt(call.passage, call.toxic, kind)

    def _deliver_with_copies(self, passage: Passage) -> Response:
        copy = passage.treatment.copy
        if copy is Copy.CONCURRENT:
            self.door.deliver(passage, copy=True)
        response = self.door.deliver(passage)
        if copy is Copy.AT_ONCE:
            self.door.deliver(passage, copy=True)
        return response

    def _deliver_due(self) -> None:
        for passage in self.door.take_due():
            self._deliver_held(passage)

    def _deliver_held(self, passage: Passage) -> None:
        self.door.deliver(passage)
        self.door.receipt(passage, "timeout")  # the toxic that kept its caller waiting
        self._deliver_due()

    def _convict(self, check: Future[None]) -> None:
        error = None if check.cancelled() else check.exception()
        if isinstance(error, SagaChaosError):
            self.abort(error)


class ProxyIdle(EnvironmentFault):
    """What stands in the proxy's place does not do what it was told."""


def _too_many() -> str:
    return f"the run made more than {MOST_CALLS} calls"
