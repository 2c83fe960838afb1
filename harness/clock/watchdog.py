"""Owns the guard against a saga that never yields: `while True: pass`, in real time.

One repeating timer serves a whole campaign. A run tells it `begin` and `end`, which set an
integer; the handler counts for how long it has seen the same one. When that is too long it
raises `SagaHung` inside the hung code, and again every 0.2 s while that is swallowed. Code
that swallows five is beyond help from within: `on_stuck` is called, which writes down what
was found and ends the process.

It needs signals and so the main thread. Elsewhere it does nothing, and says so by `armed`.
What is neither Python code nor an interruptible call is not reached; a process around this
one is needed for that.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Self

from harness.clock import real
from harness.clock.callers import whose
from harness.clock.errors import SagaHung

_IDLE = 0
_AGAIN_S = 0.2
_ROUNDS = 5
_FASTEST_TICK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """One run that did not yield: where it stood when it was first struck."""

    generation: int
    where: str
    rounds: int


class Watchdog:
    """Watches every run between `begin` and `end` of a `with` block."""

    def __init__(self, limit_s: float, on_stuck: Callable[[Hang], object] | None = None) -> None:
        self.limit_s = limit_s
        self.armed = False
        self.hangs: list[Hang] = []
        self._on_stuck = on_stuck
        self._generation = _IDLE
        self._begun = 0
        self._seen = _IDLE
        self._seen_since_s = 0.0
        self._rounds = 0
        self._handler_before: Any = None
        self._timer_before: tuple[float, float] = (0.0, 0.0)
        self._armed_at_s = 0.0

    def begin(self) -> None:
        """A run begins; its time counts from the next tick."""
        self._begun += 1
        self._generation = self._begun

    def end(self) -> None:
        """The run is over; what follows is the harness's own time."""
        self._generation = _IDLE

    @property
    def hung(self) -> Hang | None:
        """The hang of the latest run, if it was struck."""
        last = self.hangs[-1] if self.hangs else None
        return last if last is not None and last.generation == self._begun else None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handler_before = signal.signal(signal.SIGALRM, self._tick)
            self._timer_before = self._repeat(self._tick_s)
            self._armed_at_s = real.monotonic_s()
            self.armed = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.armed:
            return
        self.end()
        self.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, self._handler_before)
        left_s, interval_s = self._timer_before
        if left_s > 0:
            passed_s = real.monotonic_s() - self._armed_at_s
            signal.setitimer(signal.ITIMER_REAL, max(left_s - passed_s, 0.001), interval_s)

    @property
    def _tick_s(self) -> float:
        return max(self.limit_s / 4, _FASTEST_TICK_S)

    def _repeat(self, every_s: float) -> tuple[float, float]:
        return signal.setitimer(signal.ITIMER_REAL, every_s, every_s)

    def _tick(self, _signal: int, frame: FrameType | None) -> None:
        generation = self._generation
        if generation != self._seen:
            self._follow(generation)
        elif generation != _IDLE and real.monotonic_s() - self._seen_since_s >= self.limit_s:
            self._strike(generation, frame)

    def _follow(self, generation: int) -> None:
        if self._rounds:
            self._repeat(self._tick_s)
        self._seen = generation
        self._seen_since_s = real.monotonic_s()
        self._rounds = 0

    def _strike(self, generation: int, frame: FrameType | None) -> None:
        if self._rounds >= _ROUNDS and self._on_stuck is not None:
            self._on_stuck(self.hangs[-1])
        if self._rounds == 0:
            self._repeat(_AGAIN_S)
        self._rounds += 1
        self._record(generation, whose(frame))
        raise SagaHung(self.hangs[-1].where, self.limit_s)

    def _record(self, generation: int, where: str) -> None:
        if self._rounds > 1:
            where = self.hangs.pop().where
        self.hangs.append(Hang(generation=generation, where=where, rounds=self._rounds))
