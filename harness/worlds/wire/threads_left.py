"""Threads that a saga leaves behind.

Owns which thread still works for the saga, and which does not: ours, one that was there
before, and a pool's worker without work, which does no harm.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import thread as pools

from harness.worlds.wire.background import PREFIX


class Threads:
    """The threads of the process when a run began."""

    def __init__(self) -> None:
        self._before = frozenset(threading.enumerate())

    def left(self) -> list[str]:
        """Names of those that came since and still work."""
        return sorted(one.name for one in threading.enumerate() if self._is_sagas(one))

    def _is_sagas(self, thread: threading.Thread) -> bool:
        if thread in self._before or thread.name.startswith(PREFIX):
            return False
        return not _idle(thread)


def _idle(thread: threading.Thread) -> bool:
    """Whether it is a pool's worker that waits for work."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the only way to look at a thread
    return frame is not None and frame.f_code.co_filename == pools.__file__
