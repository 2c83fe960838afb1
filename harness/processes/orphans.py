"""What a killed command leaves in the process table: collected here, and not by init.

A dead process whose parent is dead keeps its pid until init collects it. Some inits are slow at that, and in
a container without one nobody does it. Until then the pid looks alive: a server that finds its own pid file
refuses to start again. Refuses to collect anybody who is no descendant of the command.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from harness.clock.real import monotonic_s, sleep_s
from harness.processes.group import Group

COLLECTED_LIMIT_S = 2.0

_POLL_S = 0.002
_PR_SET_CHILD_SUBREAPER = 36
_lock = threading.Lock()
_adopting = 0


def reap_family(group: Group) -> None:
    """Kill a command with all its descendants, and wait until none of them is in the process table.

    Raises EnvironmentFault where one is alive after a SIGKILL.
    """
    with _adopted():
        family = _descendants(group.pid)
        group.reap()
        deadline_s = monotonic_s() + COLLECTED_LIMIT_S
        for one in family:
            with suppress(psutil.Error):
                one.kill()
            while not _collected(one.pid) and monotonic_s() < deadline_s:
                sleep_s(_POLL_S)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _collected(pid: int) -> bool:
    """Whether it is no child of ours any more: it was collected just now, or is somebody else's."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


@contextmanager
def _adopted() -> Iterator[None]:
    """What loses its parent meanwhile becomes a child of this process, where the system can do that."""
    _adopt(1)
    try:
        yield
    finally:
        _adopt(-1)


def _adopt(more: int) -> None:
    global _adopting  # noqa: PLW0603 - a property of the whole process
    with _lock:
        _adopting += more
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(_adopting > 0), 0, 0, 0)
