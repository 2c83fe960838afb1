"""One delivery of a message: handed over, acknowledged, or given up, and its fault.

A delivery ends once: by an acknowledgement, a refusal, the end of the time for which the bus waits, or the
death of whoever handles it. What a handler says after that is heard by nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from harness.adapter.inbox import Delivery
from harness.bus import Entry
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.faults.messages.host import Cancellable, Host, Timers
from harness.history import MessageDelivered
from harness.participant import Response
from harness.plan.decision import MessageFault, MessageTime, Symptom

_HELD_BACK = 0.9
"""The share of the bus's patience after which a message is overtaken by nobody any more."""

_LOST = frozenset({MessageFault.DROP, MessageFault.LATE, MessageFault.LOSE_ACK, MessageFault.POISON})
"""Faults by which an attempt comes to nothing."""


class Line(Protocol):
    """What a delivery tells, and asks of, the bus that makes it (`harness.faults.messages.line`)."""

    timers: Timers
    injector: FaultInjector
    way_s: float
    waits_s: float

    @property
    def healed(self) -> bool: ...

    def pause_s(self, refusals: int) -> float: ...

    def acknowledged(self, entry: Entry) -> None: ...

    def failed(
        self, delivery: MessageDelivery, *, struck: bool, after_s: float, counts: bool = True
    ) -> None: ...

    def handled(self, handled: MessageDelivery) -> None: ...

    def overtake(self, delivery: MessageDelivery) -> None: ...

    def keep_for(self, delivery: MessageDelivery, time: MessageTime) -> None: ...

    def once_more(self, delivery: MessageDelivery, after_s: float | None = None) -> None: ...

    def count(self, saga_id: str, number: int) -> None: ...


class _Extra:
    """A message that comes apart from what the queue says: nobody waits for its acknowledgement.

    It is under way until it was handled, or whoever handles it is gone; that may be another one than the host
    of the delivery that it belongs to.
    """

    def __init__(self, bus: Line, delivery: MessageDelivery) -> None:
        self.on_done: Callable[[], object] | None = None
        self._bus = bus
        self._delivery = delivery
        self._out = True

    def done(self, reason: str | None) -> None:
        """It was handled, whatever came of that."""
        del reason
        self._bus.timers.call_later(self._bus.way_s, self._heard)

    def fail(self, symptom: Symptom, *, abandoned: bool = False, broken_off: bool = False) -> None:
        """Whoever handled it died."""
        del symptom, abandoned, broken_off
        self.lost()

    def lost(self) -> None:
        """Whoever was to handle it could not be reached, or is gone."""
        if self._out:
            self._out = False
            self._bus.count(self._delivery.saga_id, -1)

    def _heard(self) -> None:
        if self._out:
            self._bus.handled(self._delivery)
            self.lost()


class MessageDelivery:
    """One. Whoever hosts its handler reports to it."""

    def __init__(self, bus: Line, entry: Entry, in_flight: InFlightCall, host: Host) -> None:
        self.entry = entry
        self.in_flight = in_flight
        self.on_done: Callable[[], object] | None = None
        self._bus = bus
        self._host = host
        self._over = False
        self._timer: Cancellable | None = None
        self._waits_s = bus.waits_s

    @property
    def saga_id(self) -> str:
        """Whose message it is."""
        return self.entry.message.saga_id

    @property
    def fault(self) -> MessageFault | None:
        """What strikes it."""
        return self.in_flight.decision.message

    def begin(self) -> None:
        """Hand it over, or do what its fault says."""
        course = self.in_flight.course
        if course.symptom is not Symptom.NONE:
            self._not_delivered(course.symptom)
            return
        self._wait()
        match self.fault:
            case MessageFault.DROP:
                self._drop()
            case MessageFault.LATE:
                self._bus.keep_for(self, course.message_time)
            case MessageFault.DELAY:
                later_s = course.delay.of_s(self._waits_s)
                self._bus.once_more(self, later_s) if later_s >= self._waits_s else self._later(later_s)
            case MessageFault.REORDER:
                self._bus.overtake(self)
                self._bus.timers.call_later(
                    self._waits_s * _HELD_BACK, partial(self.overtaken, by_another=False)
                )
            case MessageFault.POISON:
                self.entry.message.poisoned = True
                self._hand_over()
                self._struck()
            case _:
                self._hand_over()
                if self.fault is MessageFault.COPY and course.message_time is not MessageTime.AFTER_ACK:
                    self._bus.keep_for(self, course.message_time)

    def overtaken(self, *, by_another: bool) -> None:
        """Whether by another message or by nobody: it is kept back no longer."""
        if not (self._over or self.in_flight.progress.deliveries):
            self._hand_over()
            self._struck("reorder_message" if by_another else "delay_message")

    def hand_over_extra(self, host: Host) -> None:
        """Once more, or for the first time after all; nobody waits for the acknowledgement."""
        extra = _Extra(self._bus, self)
        host.took(extra)
        self._give(host, extra.done, extra.lost)
        self._struck()

    def fail(self, symptom: Symptom, *, abandoned: bool = False, broken_off: bool = False) -> None:
        """Whoever handled it died: the bus's connection to it is cut."""
        del symptom, broken_off
        if self._end():
            self._bus.injector.failed(self.in_flight, Symptom.RESET, abandoned=abandoned)
            self._bus.failed(self, struck=True, after_s=0.0)

    def lost(self) -> None:
        """Whoever was to handle it could not be reached, or is gone."""
        self.fail(Symptom.RESET, abandoned=True)

    # ------------------------------------------------------------------------------------------

    def _drop(self) -> None:
        sent = self._host.send_into_silence(self._to_hand_over(self._came_through), self.lost, self._silenced)
        if sent:  # it says when the bus has waited; the timer is there for what never says
            self._wait(2 * self._waits_s)

    def _came_through(self, reason: str | None) -> None:
        if not self._over:
            self._bus.injector.judge.contradicted(self.in_flight, "the delivery came through", void=False)
            self._tell_handed_over()
            self._heard(reason)

    def _silenced(self, toxic: str | None) -> None:
        """It was sent, and nobody answered until the bus had waited."""
        if not self._over and toxic is None:
            self._bus.injector.judge.contradicted(self.in_flight, "the proxy swallowed nothing", void=False)
        self._timed_out(toxic)

    def _later(self, seconds: float) -> None:
        def due() -> None:
            if not self._over:
                self._hand_over()
                self._struck()

        self._bus.timers.call_later(seconds, due)

    def _hand_over(self) -> None:
        self._wait()
        self._give(self._host, self._done, self.lost)

    def _wait(self, seconds: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._bus.timers.call_later(
            self._waits_s if seconds is None else seconds, self._timed_out
        )

    def _give(self, host: Host, done: Callable[[str | None], None], lost: Callable[[], None]) -> None:
        self._tell_handed_over()
        host.put(
            self._to_hand_over(done),
            lost,
            self._cut if self.fault is MessageFault.LOSE_ACK and not self._bus.healed else None,
        )

    def _tell_handed_over(self) -> None:
        injector, message = self._bus.injector, self.entry.message
        copy = injector.hand_over(self.in_flight)
        injector.recorder.add(
            MessageDelivered(
                t_s=injector.recorder.now_s(),
                call=self.in_flight.call,
                message=message.number,
                subscription=self.entry.subscription,
                attempt=self.entry.attempts,
                copy=copy,
            )
        )

    def _to_hand_over(self, done: Callable[[str | None], None]) -> Delivery:
        message = self.entry.message
        return Delivery(
            subscription=self.entry.subscription,
            event=None if message.poisoned else message.event,
            attempt=self.entry.attempts,
            done=done,
        )

    def _done(self, reason: str | None) -> None:
        self._bus.timers.call_later(self._bus.way_s, partial(self._heard, reason))

    def _heard(self, reason: str | None) -> None:
        if self._over:
            return
        self._bus.handled(self)
        if self.fault is MessageFault.LOSE_ACK and not self._bus.healed:
            if not self._host.cuts:
                self._struck()
                return
            self._bus.injector.judge.contradicted(
                self.in_flight, "the acknowledgement came through", void=False
            )
        self._end()
        course = self.in_flight.decision
        if course.message is MessageFault.COPY and course.message_time is MessageTime.AFTER_ACK:
            self._bus.once_more(self)
        if reason is None:
            self._bus.injector.answered(self.in_flight, Response(status=200))
            self._bus.acknowledged(self.entry)
            return
        self._bus.injector.answered(self.in_flight, Response.of(500, {"error": reason}))
        pause_s = self._bus.pause_s(self.entry.refusals + 1)
        self._bus.failed(self, struck=self.entry.message.poisoned, after_s=pause_s)

    def _cut(self, toxic: str) -> None:
        """The handler has answered, and its acknowledgement was lost on the way."""
        if not self._over:
            self._bus.handled(self)
            self._bus.injector.judge.message_struck(self.in_flight, toxic=toxic)

    def _timed_out(self, toxic: str | None = None) -> None:
        if not self._end():
            return
        if self.fault is MessageFault.DROP:
            self._bus.injector.judge.message_struck(self.in_flight, toxic=toxic)
        self._bus.injector.failed(self.in_flight, Symptom.SILENCE)
        came = bool(self.in_flight.progress.deliveries)
        self._bus.failed(self, struck=not came or self.fault in _LOST, after_s=0.0)

    def _not_delivered(self, symptom: Symptom) -> None:
        """The bus itself is away."""
        self._end()
        self._bus.injector.failed(self.in_flight, symptom)
        pause_s = self._bus.pause_s(self.entry.refusals + 1)
        self._bus.failed(self, struck=True, after_s=pause_s, counts=False)

    def _end(self) -> bool:
        """Whether it had not ended before."""
        if self._over:
            return False
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        return True

    def _struck(self, kind: str | None = None) -> None:
        self._bus.injector.judge.message_struck(self.in_flight, kind=kind)
