"""Owns virtual time: a heap of events, and the clock that jumps from one to the next.

Everything that happens in a simulated world is an event here: deliveries, faults, and the
timers of every event loop. Equal times are served first come, first served, so a run is a
function of what was scheduled and nothing else.

It refuses calls from any thread but its own, events that are not a time, and new events
once the world is over. An exception in a callback is nobody's to swallow: it leaves
`run_due`, and so `time.sleep` or the event loop that was pumping; that is how a world ends
a saga that would never end by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from threading import get_ident
from typing import NoReturn, Protocol

from harness.clock.callers import caller
from harness.clock.errors import SimThreadRefused, WorldOver


class Event(Protocol):
    """What lies in the heap; the timers of event loops are such, too."""

    def cancelled(self) -> bool: ...

    def fire(self) -> object: ...


class Client(Protocol):
    """What lives on a scheduler and ends with it."""

    def discard(self) -> None: ...


class Timer:
    """One scheduled callback. Cancelling it late, or twice, is harmless."""

    __slots__ = ("_callback", "_cancelled", "when_s")

    def __init__(self, when_s: float, callback: Callable[[], object]) -> None:
        self.when_s = when_s
        self._callback: Callable[[], object] | None = callback
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = None

    def cancelled(self) -> bool:
        return self._cancelled

    def fire(self) -> None:
        if self._callback is not None:
            self._callback()


_NEVER_S = math.inf


def never() -> bool:
    """The `stop` of whoever waits for a time, not for an event."""
    return False


class Scheduler:
    """Virtual time for one run, on one thread."""

    __slots__ = ("__weakref__", "_clients", "_closed", "_heap", "_seq", "host", "now_s", "thread_id")

    def __init__(self, *, start_s: float = 0.0) -> None:
        self.now_s = start_s
        self.thread_id = get_ident()
        self._heap: list[tuple[float, int, Event]] = []
        self._seq = 0
        self._clients: list[Client] = []
        self._closed = False
        self.host: Callable[[float, Callable[[], bool]], None] | None = None

    @property
    def closed(self) -> bool:
        return self._closed

    def call_at(self, when_s: float, callback: Callable[[], object]) -> Timer:
        """Call back at a time; a time that has passed means now, an infinite one never."""
        timer = Timer(when_s, callback)
        self.add(when_s, timer)
        return timer

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        timer = Timer(self.now_s + delay_s, callback)
        self.add(timer.when_s, timer)
        return timer

    def add(self, when_s: float, event: Event) -> None:
        """Schedule anything that can fire."""
        if self._closed or get_ident() != self.thread_id:
            self._refuse()
        if when_s == _NEVER_S:
            return
        # In this order a NaN, which compares false, means now instead of breaking the heap.
        due_s = max(self.now_s, when_s)
        self._seq += 1
        heappush(self._heap, (due_s, self._seq, event))

    def wait(self, until_s: float, stop: Callable[[], bool]) -> None:
        """Let the world go on as `run_due` does; where a host sees to several that wait, it does so."""
        if self.host is None:
            self.run_due(until_s, stop)
        else:
            self.host(until_s, stop)

    def run_due(self, until_s: float, stop: Callable[[], bool]) -> None:
        """Fire events in order until `stop` is true after one, or none is left by `until_s`.

        An infinite `until_s` leaves the clock at the last event. Callbacks may call this again:
        the inner call moves the clock on, the outer one never moves it back.
        """
        if get_ident() != self.thread_id:
            self._refuse()
        heap = self._heap
        while heap:
            when_s, _, event = heap[0]
            if event.cancelled():
                heappop(heap)
                continue
            if when_s > until_s:
                break
            heappop(heap)
            self.now_s = max(self.now_s, when_s)
            event.fire()
            if stop():
                return
        if self.now_s < until_s < math.inf:
            self.now_s = until_s

    def advance(self, delay_s: float) -> None:
        """Let a span of virtual time pass."""
        self.run_due(self.now_s + delay_s, never)

    def next_event_s(self) -> float | None:
        """When the next event is due; None when nothing is scheduled."""
        heap = self._heap
        while heap and heap[0][2].cancelled():
            heappop(heap)
        return heap[0][0] if heap else None

    def anything_due(self) -> bool:
        """Whether an event is due at this very instant."""
        heap = self._heap
        return bool(heap) and heap[0][0] <= self.now_s

    def pending(self) -> Iterator[Event]:
        """Every event that may still fire, in no promised order."""
        return (event for _, _, event in self._heap if not event.cancelled())

    def adopt(self, client: Client) -> None:
        """End this client together with the world."""
        self._clients.append(client)

    def close(self) -> None:
        """End the world: nothing fires any more, and every client is discarded, oldest first."""
        self._closed = True
        self._heap.clear()
        clients, self._clients = self._clients, []
        for client in clients:
            client.discard()

    def _refuse(self) -> NoReturn:
        if self._closed:
            raise WorldOver(f"the world ended at {self.now_s:g} s; {caller()} still schedules")
        raise SimThreadRefused(
            f"virtual time belongs to one thread; {caller()} called it from another. "
            "Run this saga with --world wire"
        )
