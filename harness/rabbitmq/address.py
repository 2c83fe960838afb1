"""Where a broker is: `amqp://user:password@host:port/vhost`. Loopback alone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from harness.errors import ScenarioError, misplaced

SCHEME = "amqp"
PORT = 5672
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EXPECTED = "amqp and a loopback host, like 'amqp://guest:guest@127.0.0.1:5672/'"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Of one virtual host of one broker."""

    host: str = "127.0.0.1"
    port: int = PORT
    user: str = "guest"
    password: str = "guest"  # noqa: S105 - RabbitMQ's own default, good on loopback alone
    vhost: str = "/"

    @classmethod
    def parse(cls, url: str, where: str) -> BrokerAddress:
        """From a URL. Raises ScenarioError for what is not AMQP on loopback."""
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ScenarioError(misplaced(where, url, _EXPECTED)) from None
        if parts.scheme != SCHEME or host not in _LOOPBACK or parts.query or parts.fragment:
            raise ScenarioError(misplaced(where, url, _EXPECTED))
        return cls(
            host=host,
            port=port or PORT,
            user=unquote(parts.username or "guest"),
            password=unquote(parts.password or "guest"),
            vhost=unquote(parts.path[1:]) or "/",
        )

    def at(self, host: str, port: int) -> BrokerAddress:
        """The same virtual host, reached at another address: a proxy's."""
        return BrokerAddress(host=host, port=port, user=self.user, password=self.password, vhost=self.vhost)

    def __str__(self) -> str:
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEME}://{who}@{host}:{self.port}/{quote(self.vhost, safe='')}"
