"""Where a broker is: loopback alone, whichever it is."""

from __future__ import annotations

from typing import Protocol, Self
from urllib.parse import SplitResult, urlsplit

from harness.errors import ScenarioError, misplaced

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BrokerAddress(Protocol):
    """Of one broker. Its text is the URL that a client is given."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    def at(self, host: str, port: int) -> Self:
        """The same broker, reached at another address: a proxy's."""


def split_url(url: str, where: str, scheme: str, example: str) -> tuple[SplitResult, str, int | None]:
    """A URL, its host and its port. Raises ScenarioError unless it has that scheme and a loopback host."""
    expected = f"{scheme} and a loopback host, like {example!r}"
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ScenarioError(misplaced(where, url, expected)) from None
    if parts.scheme != scheme or host not in _LOOPBACK or parts.query or parts.fragment:
        raise ScenarioError(misplaced(where, url, expected))
    return parts, host, port


def in_url(host: str) -> str:
    """A host as a URL has it."""
    return f"[{host}]" if ":" in host else host
