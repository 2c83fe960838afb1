"""Redis as a broker of our own: on loopback, its append-only file written through at each command."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.brokers.address import BrokerAddress
from harness.brokers.errors import BrokerUnavailable
from harness.brokers.server import OwnBroker, free_ports
from harness.redis.address import RedisAddress

SERVER_VARIABLE = "SAGA_CHAOS_REDIS_SERVER"
"""Names a `redis-server` elsewhere."""

HOW = (
    "install one (Debian: apt-get install redis-server), name its redis-server in "
    f"{SERVER_VARIABLE}, or name a Redis that runs by url = 'redis://…' in the bus's table"
)


class OwnRedis(OwnBroker):
    """server: where its program is; found when it is not given."""

    name = "redis"
    poll_s = 0.01

    def __init__(self, progress: Callable[[str], None], server: Path | None = None) -> None:
        super().__init__(progress)
        self._server = server
        self._port = 0

    @property
    def address(self) -> RedisAddress:
        """Where it is."""
        return RedisAddress(port=self._port)

    def start(self) -> None:
        self._server = self._server or find_redis()
        super().start()

    def _prepare(self, folder: Path) -> None:
        (self._port,) = free_ports(1)
        (folder / "data").mkdir()

    def _command(self, folder: Path) -> Sequence[str]:
        told = {
            "port": self._port,
            "bind": "127.0.0.1",
            "dir": folder / "data",
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "daemonize": "no",
            "loglevel": "warning",
        }
        return [
            str(self._server),
            *(word for name, value in told.items() for word in (f"--{name}", str(value))),
        ]

    def _environment(self, folder: Path) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": str(folder)}

    def _answers(self) -> bool:
        return answers(self.address)


def find_redis() -> Path:
    """The program. Raises BrokerUnavailable with what was tried, and how to get one."""
    named = os.environ.get(SERVER_VARIABLE)
    place = named or shutil.which("redis-server")
    if place is None or not Path(place).is_file():
        tried = place or "PATH"
        raise BrokerUnavailable(f"redis: found no redis-server (tried {tried}), expected one: {HOW}")
    return Path(place)


def answers(address: BrokerAddress, limit_s: float = 1.0) -> bool:
    """Whether a Redis is there, and has read what it had on disk."""
    try:
        with socket.create_connection((address.host, address.port), timeout=limit_s) as probe:
            probe.sendall(b"*1\r\n$4\r\nPING\r\n")
            said = probe.recv(64)
    except OSError:
        return False
    return said.startswith((b"+PONG", b"-NOAUTH"))
