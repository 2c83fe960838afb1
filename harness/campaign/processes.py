"""The processes of a campaign: its workers, Ctrl-C, and what a worker that was killed left running.

A terminal sends Ctrl-C to all of them at once. The parent alone answers it, and ends its workers. A
worker that is still importing would answer with a traceback, so it is born with the signal blocked,
and ignores it from its first line on.

A worker hands the mark of its campaign on to all that it starts, so that nothing stays: neither the
process of a saga nor what that forked, wherever it went.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess

from harness.clock import real
from harness.processes.marks import CAMPAIGN_MARK, sweep

_INTERRUPT = {signal.SIGINT}


_campaigns = itertools.count()


def new_mark() -> str:
    """Of one pool of workers; no other process on this machine has it."""
    return f"{os.getpid():x}-{real.monotonic_ns():x}-{next(_campaigns)}"


def sweep_up(mark: str) -> None:
    """End all that workers left behind. Raises EnvironmentFault where something stays."""
    sweep(mark, CAMPAIGN_MARK)


def start_undisturbed(process: BaseProcess, mark: str) -> None:
    """Start a worker with a mark; a Ctrl-C that comes meanwhile is answered right after."""
    resource_tracker.ensure_running()  # starting it unblocks the signal, so it comes first
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
    try:
        with _marked(mark):
            process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _marked(mark: str) -> Iterator[None]:
    """In force only while a worker starts: this process itself must not be swept up."""
    before = os.environ.get(CAMPAIGN_MARK)
    os.environ[CAMPAIGN_MARK] = mark
    try:
        yield
    finally:
        if before is None:
            del os.environ[CAMPAIGN_MARK]
        else:
            os.environ[CAMPAIGN_MARK] = before


def leave_interrupts_to_the_parent() -> None:
    """The first line of a worker. What it starts in turn inherits no blocked signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
