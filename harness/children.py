"""A child process that ends with this one, however this one ends.

Owns the start of such a child: the kernel is asked to kill it with its parent. Refuses to know what it runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO

STOP_LIMIT_S = 3.0

# Asks the kernel to end this process with its parent, makes sure that it was not too late, and becomes the
# program. A hook in the forked child would do the same, but may dead-lock where the parent has threads.
DIE_WITH_PARENT = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def spawn(
    command: Sequence[str],
    log: IO[bytes],
    environment: Mapping[str, str] | None = None,
    *,
    own_group: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child; on Linux the kernel watches the thread that did, so it must be one that stays.

    own_group: Ctrl-C in the terminal is not for it.
    """
    if threading.current_thread() is threading.main_thread():
        return _start(command, log, environment, own_group)
    return _SPAWNER.submit(_start, command, log, environment, own_group).result()


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill it and wait for it."""
    if child.stdin is not None:
        child.stdin.close()
    child.kill()
    child.wait(STOP_LIMIT_S)


def _start(
    command: Sequence[str],
    log: IO[bytes],
    environment: Mapping[str, str] | None,
    own_group: bool,
) -> subprocess.Popen[bytes]:
    wrapped = [sys.executable, "-S", "-E", "-c", DIE_WITH_PARENT, str(os.getpid()), *command]
    return subprocess.Popen(  # noqa: S603 -- a program that discovery chose
        wrapped,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env=None if environment is None else dict(environment),
        start_new_session=own_group,
    )


_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="proxy-spawner")
