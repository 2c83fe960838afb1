"""Whether somebody listens at an address."""

from __future__ import annotations

import socket

from harness.clock.real import monotonic_s, sleep_s

_CONNECT_S = 0.5
_POLL_S = 0.01


def listens(host: str, port: int) -> bool:
    """Whether a connection is accepted there now."""
    try:
        socket.create_connection((host, port), timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True


def wait_until_free(host: str, port: int, limit_s: float) -> bool:
    """Whether nobody listens there any more, within the limit."""
    deadline_s = monotonic_s() + limit_s
    while listens(host, port):
        if monotonic_s() >= deadline_s:
            return False
        sleep_s(_POLL_S)
    return True
