"""A deadline for code that cannot be cancelled: a plain function, or a coroutine that never yields.

Owns the alarm signal while a saga runs. It needs the main thread; elsewhere nothing strikes, and only
the campaign's own limit is left.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from harness.clock.callers import whose
from harness.clock.errors import SagaHung

AGAIN_S = 0.2
"""Struck again as long as a saga swallows it."""


@contextmanager
def deadline(limit_s: float) -> Iterator[None]:
    """Raise SagaHung inside the block once `limit_s` have passed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda _, frame: _strike(frame, limit_s))
    signal.setitimer(signal.ITIMER_REAL, max(limit_s, 0.001), AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _strike(frame: FrameType | None, limit_s: float) -> None:
    raise SagaHung(whose(frame), limit_s)
