"""Owns the list of what an event loop offers that needs the real world, and refuses all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from harness.clock.errors import SimSocketRefused
from harness.clock.guards import guard

_Loop = TypeVar("_Loop", bound=type)
_REAL_IO = (
    *("add_reader", "remove_reader", "add_writer", "remove_writer"),
    *("sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall"),
    *("sock_sendto", "sock_connect", "sock_accept", "sock_sendfile", "sendfile", "start_tls"),
    *("create_connection", "create_server", "create_unix_connection", "create_unix_server"),
    *("create_datagram_endpoint", "connect_accepted_socket", "connect_read_pipe", "connect_write_pipe"),
    *("subprocess_exec", "subprocess_shell", "getaddrinfo", "getnameinfo"),
)


def refuses_real_io(loop_class: _Loop) -> _Loop:
    """Make every such method of a class raise `SimSocketRefused` when it is called."""
    for name in _REAL_IO:
        setattr(loop_class, name, _refusal(name))
    return loop_class


def _refusal(name: str) -> Callable[..., Any]:
    def refuse(_loop: object, *args: object, **_: object) -> Any:
        guard.refuse(SimSocketRefused, f"loop.{name}({', '.join(map(repr, args))})")

    return refuse
