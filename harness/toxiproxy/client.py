"""The harness's view of a proxy server: proxies with handles, toxics as data.

Wraps the Toxiproxy client, which keeps host and port on a class: there is one server to a process, the
one of the last `ProxyClient` made. Refuses toxics that would crash the real server before they are sent.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from toxiproxy import Proxy, Toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import ProxyExists

from harness.toxiproxy.crashes import crash_reason
from harness.toxiproxy.errors import CrashingToxic, ProxyRefused
from harness.toxiproxy.transport import Transport, install

Stream = Literal["upstream", "downstream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """A toxic as it is sent: it hits always, or never, for chance is Hypothesis's alone."""

    type: str
    stream: Stream
    attributes: Mapping[str, int] = field(default_factory=dict)
    name: str = ""
    hits: bool = True

    def effective_name(self) -> str:
        """The name it goes by at the server."""
        return self.name or f"{self.type}_{self.stream}"


class ProxyClient:
    """One proxy server."""

    def __init__(self, host: str, port: int) -> None:
        self._transport = Transport()
        install(self._transport)
        self._server = Toxiproxy()
        self._server.update_api_consumer(host, port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create(self, name: str, upstream: str, listen: str = "127.0.0.1:0") -> "ProxyHandle":
        """A new proxy in front of `upstream` (`host:port`), listening already."""
        try:
            made = self._server.create(upstream=upstream, name=name, listen=listen)
        except ProxyExists as error:
            raise ProxyRefused(
                f"create proxy {name!r}: found one of that name, expected a new name"
            ) from error
        return ProxyHandle(made)

    def reset(self) -> None:
        """Enable all proxies and remove all toxics."""
        self._server.reset()

    def version(self) -> str:
        """What the server says it is."""
        answer = json.loads(APIConsumer.get("/version").content)
        return str(answer["version"])

    def close(self) -> None:
        """Close the kept connections to the API."""
        self._transport.close()


class ProxyHandle:
    """One proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self.name: str = proxy.name
        self.listen: str = proxy.listen

    def __repr__(self) -> str:
        return f"ProxyHandle(name={self.name!r}, listen={self.listen!r})"

    def enable(self) -> None:
        """Listen again, at the same address."""
        self._proxy.enable()

    def disable(self) -> None:
        """Drop all connections and refuse new ones."""
        self._proxy.disable()

    def add_toxic(self, toxic: Toxic) -> str:
        """Add a toxic to new and live connections; its name."""
        reason = crash_reason(toxic.type, toxic.attributes)
        if reason is not None:
            raise CrashingToxic(f"toxic {toxic.type} for proxy {self.name!r}: {reason}")
        name = toxic.effective_name()
        self._proxy.add_toxic(
            type=toxic.type,
            stream=toxic.stream,
            name=name,
            attributes=dict(toxic.attributes),
            toxicity=float(toxic.hits),
        )
        return name

    def remove_toxic(self, name: str) -> None:
        """Remove a toxic from new and live connections."""
        self._proxy.destroy_toxic(name)

    def toxics(self) -> tuple[str, ...]:
        """The names of the toxics, upstream ones first."""
        return tuple(self._proxy.toxics())

    def destroy(self) -> None:
        """Drop all connections, and the proxy."""
        self._proxy.destroy()
