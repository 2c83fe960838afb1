"""Owns what a saga can read of the process and the machine it runs on: pid and host name.

A resumed saga is another process, on another node another host: leases and fencing tokens made
of them must differ, and must be the same whenever the run is repeated.
"""

from __future__ import annotations

import os
import platform
import socket
from typing import Any

from harness.clock.active import current
from harness.clock.replacements import Replacements

_getpid = os.getpid
_uname = getattr(os, "uname", None)
_gethostname = socket.gethostname
_getfqdn = socket.getfqdn
_node = platform.node


class Identity:
    """The replacements; bound methods, for the reason that `clocks` gives."""

    def getpid(self) -> int:
        run = current()
        return _getpid() if run is None else run.process.pid

    def gethostname(self) -> str:
        run = current()
        return _gethostname() if run is None else run.process.host

    def getfqdn(self, name: str = "") -> str:
        run = current()
        return _getfqdn(name) if run is None else name or run.process.host

    def node(self) -> str:
        run = current()
        return _node() if run is None else run.process.host

    def uname(self) -> Any:
        run = current()
        assert _uname is not None, "replaced only where it exists"
        found = _uname()
        if run is None:
            return found
        return os.uname_result((found[0], run.process.host, *found[2:]))


def install(replacements: Replacements) -> None:
    """Replace them; outside of a run they answer as ever."""
    identity = Identity()
    replacements.replace(os, "getpid", identity.getpid)
    if _uname is not None:
        replacements.replace(os, "uname", identity.uname)
    replacements.replace(socket, "gethostname", identity.gethostname)
    replacements.replace(socket, "getfqdn", identity.getfqdn)
    replacements.replace(platform, "node", identity.node)
