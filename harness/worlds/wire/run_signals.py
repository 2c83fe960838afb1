"""What ends a run, or turns it: it is over, it failed, everything heals, it is closed.

Owns these four facts, each of which comes once and stays, and who is called when they do.
Refuses to know what follows from them. May be asked and told from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from harness.errors import SagaChaosError

Listener = Callable[[], object]


class RunOver(BaseException):
    """Ends a saga that has not ended by itself; not an Exception, so that sagas let it through."""


class RunSignals:
    """Of one run. lock: of all that is known of it. check_server: whether the proxy server lives."""

    def __init__(self, lock: threading.RLock, check_server: Callable[[], Future[None]]) -> None:
        self._lock = lock
        self._check_server = check_server
        self._over: str | None = None
        self._fault: SagaChaosError | None = None
        self._settling = False
        self._closed = False
        self._when_over: list[Listener] = []
        self._when_settling: list[Listener] = []
        self._when_closing: list[Listener] = []

    # What is known ----------------------------------------------------------------------------

    @property
    def over(self) -> str | None:
        """The reason given to whoever calls once the run is over."""
        return self._over

    @property
    def fault(self) -> SagaChaosError | None:
        """Why nothing of the run counts: the harness or its machine failed."""
        return self._fault

    @property
    def settling(self) -> bool:
        """Whether every fault has ended."""
        return self._settling

    @property
    def closed(self) -> bool:
        """Whether the run has been judged; what still arrives is nobody's."""
        return self._closed

    def check(self) -> None:
        """Raises RunOver once the run is over."""
        if self._over is not None:
            raise RunOver(self._over)

    # Who wants to hear of it ------------------------------------------------------------------

    def when_over(self, listener: Listener) -> None:
        """It hears that the run is over, on the thread of whoever ended it."""
        self._when_over.append(listener)

    def when_settling(self, listener: Listener) -> None:
        """It hears that every fault has ended, under the lock."""
        self._when_settling.append(listener)

    def when_closing(self, listener: Listener) -> None:
        """It hears that the run is about to be closed, under the lock."""
        self._when_closing.append(listener)

    # What comes about -------------------------------------------------------------------------

    def abort(self, fault: SagaChaosError) -> None:
        """The harness or its machine failed: nothing that follows counts. The first fault stays."""
        with self._lock:
            self._fault = self._fault or fault
        self.end(str(fault))

    def end(self, why: str) -> None:
        """The run is over. The first reason stays."""
        with self._lock:
            first, self._over = self._over is None, self._over or why
        if first:
            _tell(self._when_over)

    def settle(self) -> None:
        """Every fault has ended."""
        with self._lock:
            self._settling = True
            _tell(self._when_settling)

    def close(self) -> None:
        """The run is about to be judged."""
        with self._lock:
            _tell(self._when_closing)
            self._closed = True

    def suspect(self) -> None:
        """A connection failed that no fault was to strike: see whether the proxy server lives."""
        self._check_server().add_done_callback(self._convict)

    def _convict(self, check: Future[None]) -> None:
        error = None if check.cancelled() else check.exception()
        if isinstance(error, SagaChaosError):
            self.abort(error)


def _tell(listeners: list[Listener]) -> None:
    for listener in tuple(listeners):
        listener()
