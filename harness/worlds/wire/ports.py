"""Ports for proxies to listen at.

A disabled proxy gives its port back to the kernel, which may lend it to any outgoing connection
before the proxy is enabled again. So they are taken from below the range that the kernel lends.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from harness.errors import EnvironmentFault

LOWEST = 10_000
_KERNEL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_KERNEL_LOWEST = 32_768
_ATTEMPTS = 2_000
_APART = 97


def free_ports(host: str = "127.0.0.1", *, across: bool = False) -> Iterator[int]:
    """Ports that nobody listens at now, beginning at another place in every process.

    across: beginning half of them away, so that others than proxies stay out of their way.
    """
    highest = _kernel_lowest()
    size = highest - LOWEST
    first = (os.getpid() * _APART + (size // 2 if across else 0)) % size
    for step in range(_ATTEMPTS):
        port = LOWEST + (first + step) % size
        if _free(host, port):
            yield port
    raise EnvironmentFault(
        f"ports {LOWEST} to {highest}: found {_ATTEMPTS} in a row taken, expected a free one for a proxy"
    )


def service_ports() -> Iterator[int]:
    """For services, without end: another one each time, and none of those of a process started beside ours.

    A service takes its port long after it was found to be free.
    """
    while True:
        yield from islice(free_ports(across=True), _APART)


def _kernel_lowest() -> int:
    try:
        return max(LOWEST + _ATTEMPTS, int(_KERNEL_RANGE.read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return _KERNEL_LOWEST


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
