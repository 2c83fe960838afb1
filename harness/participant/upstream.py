"""Where a service of the user's is, a request to it that stands in a saga.toml, and links to it in answers.

Refuses every address that is not loopback, and to ask anybody (`harness.worlds.wire.forwarding` does).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import msgspec

from harness.errors import ScenarioError, misplaced
from harness.participant.messages import Request, Response

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LINKS = ("location", "content-location", "link", "refresh")


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


def through_proxy(response: Response, address: Address, proxy: str) -> Response:
    """An answer in which links to an address are links to the proxy before it, `host:port`.

    A redirect, or a link in a body, that named the service itself would lead its caller past the proxy.
    """
    host = f"[{address.host}]" if ":" in address.host else address.host
    own = re.compile(rf"(?i:http://{re.escape(host)}:{address.port})(?![0-9])")
    there = f"http://{proxy}"
    headers = tuple(
        (name, own.sub(there, value) if name.lower() in _LINKS else value) for name, value in response.headers
    )
    body = response.body
    if f":{address.port}".encode() in body and _is_text(response):
        body = re.sub(own.pattern.encode(), there.encode(), body)
    return msgspec.structs.replace(response, headers=headers, body=body)


def _is_text(response: Response) -> bool:
    media = response.media.lower()
    return "json" in media or "xml" in media or media.startswith("text/")


def request_to(text: str, values: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Request:
    """From `GET /reservations?order={saga_id}`, with the values in the places of their names."""
    method, _, target = text.partition(" ")
    for name, value in values.items():
        target = target.replace(f"{{{name}}}", quote(value, safe=""))
    return Request(
        method=method, path=target.partition("?")[0], query={}, headers=headers or {}, target=target
    )
