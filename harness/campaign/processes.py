"""The processes of a campaign: its workers, Ctrl-C and SIGTERM, and what a killed process left running.

A terminal sends Ctrl-C to all of them at once, and so may others with SIGTERM. The parent alone answers
them, and ends its workers. A worker that is still importing would answer with a traceback, so it is born
with the signals blocked, and does nothing at them from its first line on.

A parent that is killed answers nothing. So each worker waits for its end, kills all that carries the mark of
the worker, and ends itself.

A worker hands the mark of its campaign on to all that it starts, so that nothing stays: neither the
process of a saga nor what that forked, wherever it went.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

from harness.clock import real
from harness.processes.marks import CAMPAIGN_MARK, sweep

_INTERRUPT = {signal.SIGINT, signal.SIGTERM}
ORPHANED = 4
"""The exit code of a worker whose parent is gone."""


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


@contextmanager
def uninterrupted() -> Iterator[None]:
    """What is short and must be done; a signal that comes meanwhile is answered right after."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_interrupts_to_the_parent() -> None:
    """The first line of a worker. What it starts in turn inherits no blocked signal.

    SIGTERM is answered by nothing instead of being ignored: a saga's own processes would inherit that.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _nothing)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
    end_with_the_parent()


def end_with_the_parent() -> None:
    """Once the parent process is gone, end all that this worker started, and the worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        waiting = threading.Thread(target=_wait_for_the_end_of, args=(parent.sentinel,), daemon=True)
        waiting.start()


def _wait_for_the_end_of(sentinel: int) -> None:
    try:
        wait([sentinel])
        mark = os.environ.get(CAMPAIGN_MARK)
        if mark is not None:
            sweep(mark, CAMPAIGN_MARK)
    finally:
        os._exit(ORPHANED)


def _nothing(_: int, __: FrameType | None) -> None:
    """See `leave_interrupts_to_the_parent`."""
