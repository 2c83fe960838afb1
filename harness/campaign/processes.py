"""Worker processes and Ctrl-C, which a terminal sends to all of them at once.

The parent alone answers it, and ends its workers. A worker that is still importing would answer
with a traceback, so it is born with the signal blocked, and ignores it from its first line on.
"""

from __future__ import annotations

import signal
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess

_INTERRUPT = {signal.SIGINT}


def start_undisturbed(process: BaseProcess) -> None:
    """Start a worker; a Ctrl-C that comes meanwhile is answered right after."""
    resource_tracker.ensure_running()  # starting it unblocks the signal, so it comes first
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_interrupts_to_the_parent() -> None:
    """The first line of a worker. What it starts in turn inherits no blocked signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
