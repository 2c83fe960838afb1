"""The mark that a process hands on to its children: an environment variable.

Owns finding those that carry one, wherever they went (another session, another parent), and ending
them. A process that cleared its environment cannot be found: nothing but a container would hold it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.clock.real import monotonic_s, sleep_s
from harness.errors import EnvironmentFault

MARK = "SAGA_CHAOS_RUN"
"""Carried by every process of a saga."""

CAMPAIGN_MARK = "SAGA_CHAOS_CAMPAIGN"
"""Carried by the workers of a campaign, and by all that they start."""

SWEEP_LIMIT_S = 5.0
_POLL_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A process that carries a mark."""

    pid: int
    name: str
    ports: tuple[int, ...] = ()

    def __str__(self) -> str:
        listens = f", listening at {', '.join(map(str, self.ports))}" if self.ports else ""
        return f"{self.name} (pid {self.pid}{listens})"


def find(value: str, name: str = MARK) -> tuple[Marked, ...]:
    """Those alive that carry a mark, or one below it (`MARK.1`), and what people want to know of them.

    This process aside.
    """
    return tuple(_described(pid) for pid in _carrying(value, name))


def alive(value: str, name: str = MARK) -> bool:
    """Whether any is."""
    return next(_carrying(value, name), None) is not None


def sweep(value: str, name: str = MARK, limit_s: float = SWEEP_LIMIT_S) -> int:
    """Kill all that carry a mark, and those that they start meanwhile; how many there were.

    Raises EnvironmentFault where one would not go.
    """
    deadline_s = monotonic_s() + limit_s
    killed: set[int] = set()
    while pids := list(_carrying(value, name)):
        for pid in pids:
            killed.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if monotonic_s() >= deadline_s:
            left = ", ".join(str(_described(pid)) for pid in pids)
            raise EnvironmentFault(
                f"processes: found {left} alive {limit_s:g} s after a SIGKILL, expected none"
            )
        sleep_s(_POLL_S)
    return len(killed)


def _carrying(value: str, name: str) -> Iterator[int]:
    wanted = f"{name}={value}".encode()
    below = wanted + b"."
    me = os.getpid()
    for pid in psutil.pids():
        if pid == me:
            continue
        carried = any(one == wanted or one.startswith(below) for one in _environment(pid))
        if carried and not _over(pid):
            yield pid


def _environment(pid: int) -> tuple[bytes, ...] | list[bytes]:
    """As it was when the process became what it is."""
    if sys.platform == "linux":  # ten times faster than asking psutil, and asked after every executor
        try:
            return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return ()
    try:
        return [f"{key}={value}".encode() for key, value in psutil.Process(pid).environ().items()]
    except (psutil.Error, OSError):
        return ()


def _over(pid: int) -> bool:
    """Whether nothing is left of it but its entry in the table."""
    try:
        return psutil.Process(pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return True


def _described(pid: int) -> Marked:
    try:
        process = psutil.Process(pid)
        sockets = process.net_connections(kind="tcp")
        listening = {one.laddr.port for one in sockets if one.status == psutil.CONN_LISTEN}
        return Marked(pid=pid, name=process.name(), ports=tuple(sorted(listening)))
    except psutil.Error:
        return Marked(pid=pid, name="a process")
