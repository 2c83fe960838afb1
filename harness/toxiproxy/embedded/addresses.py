"""Where a proxy may listen: on loopback and nowhere else.

Owns reading `host:port` the way the real server does, with its words for what cannot be read, and the one
rule it does not have: an address that other machines can reach is refused. No host means 127.0.0.1.
"""

import ipaddress
import os
import socket
from dataclasses import dataclass

from harness.toxiproxy.embedded.failures import ApiFailure

LARGEST_PORT = 65535


class AddressUnreadable(ValueError):  # noqa: N818 -- becomes an answer, not a fault of ours
    """The text is no `host:port`; the message is the real server's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place on loopback."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def bind(self) -> socket.socket:
        """A listening socket here; `OSError` with the real server's words where that fails."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # Named as TCP, or asyncio leaves the delay of small packets on for what is accepted here.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.host, self.port))
            sock.listen(socket.SOMAXCONN)
        except OSError as error:
            sock.close()
            reason = os.strerror(error.errno or 0).lower()
            raise OSError(f"listen tcp {self}: bind: {reason}") from error
        return sock


def bound_address(sock: socket.socket) -> Address:
    """Where a socket really listens."""
    host, port = sock.getsockname()[:2]
    return Address(host=host, port=port)


def loopback_address(text: str) -> Address:
    """The address, if only this machine can reach it."""
    host, port = _split(text)
    if host in {"", "localhost"}:
        host = "127.0.0.1"
    if not is_loopback(host):
        raise ApiFailure(f"listen must be a loopback address such as 127.0.0.1:0, got {text}", 400)
    return Address(host=host, port=port)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine's own, by number or by the name `localhost`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> tuple[str, int]:
    if not text:
        return "", 0
    host, colon, port = text.rpartition(":")
    if not colon or host.count("[") != host.count("]"):
        raise AddressUnreadable(f"address {text}: missing port in address")
    if ":" in host and not host.startswith("["):
        raise AddressUnreadable(f"address {text}: too many colons in address")
    if not (port or "0").isdecimal():
        raise AddressUnreadable(f"lookup tcp/{port}: unknown port")
    if int(port or 0) > LARGEST_PORT:
        raise AddressUnreadable(f"address {port}: invalid port")
    return host.removeprefix("[").removesuffix("]"), int(port or 0)
