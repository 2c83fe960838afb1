"""Waits until a process ends, a time has come, or another thread says that there is something to do.

Many runs wait side by side on few cores, so nothing is polled where the kernel can tell.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import Protocol

from harness.clock.real import monotonic_s

POLL_S = 0.01
"""Where the kernel cannot tell that a process ended."""

LONGEST_S = 60.0


class Ends(Protocol):
    """What has an end to wait for."""

    def fileno(self) -> int | None:
        """Readable once it has ended; None where that cannot be had."""


class Watch:
    """A pipe and a set of ends. `wake` may come from any thread, all else from one."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._closed = False

    def wake(self) -> None:
        """End the wait that is on, or the next one."""
        with suppress(BlockingIOError):  # full of wakes already
            if not self._closed:
                os.write(self._in, b"!")

    def wait(self, ends: list[Ends], until_s: float) -> None:
        """Until one of the ends has come, a wake, or the time."""
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        blind = False
        for end in ends:
            fd = end.fileno()
            blind = blind or fd is None
            if fd is not None:
                poll.register(fd, select.POLLIN)
        left_s = min(max(until_s - monotonic_s(), 0.0), POLL_S if blind else LONGEST_S)
        ready = poll.poll(left_s * 1000)
        if any(fd == self._out for fd, _ in ready):
            with suppress(BlockingIOError):
                os.read(self._out, 4096)

    def close(self) -> None:
        """Give the pipe back."""
        self._closed = True
        os.close(self._out)
        os.close(self._in)
