"""Where a service of the user's is, and a request to it that stands in a saga.toml.

Refuses every address that is not loopback, and to ask anybody (`harness.worlds.wire.forwarding` does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from harness.errors import ScenarioError, misplaced
from harness.participant.messages import Request

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a service is. `prefix` stands before each path. Always loopback."""

    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, url: str, where: str) -> Address:
        """From `http://127.0.0.1:9000/api`. Raises ScenarioError for what is not HTTP on loopback."""
        expected = "http, a loopback host and a port, like 'http://127.0.0.1:9000'"
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ScenarioError(misplaced(where, url, expected)) from None
        if parts.scheme != "http" or host not in _LOOPBACK or port is None or parts.query or parts.username:
            raise ScenarioError(misplaced(where, url, expected))
        return cls(host=host, port=port, prefix=parts.path.rstrip("/"))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.prefix}"


def request_to(text: str, values: Mapping[str, str]) -> Request:
    """From `GET /reservations?order={saga_id}`, with the values in the places of their names."""
    method, _, target = text.partition(" ")
    for name, value in values.items():
        target = target.replace(f"{{{name}}}", quote(value, safe=""))
    return Request(method=method, path=target.partition("?")[0], query={}, headers={}, target=target)
