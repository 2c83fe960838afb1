"""Where a broker is: `amqp://user:password@host:port/vhost`. Loopback alone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from harness.brokers.address import in_url, split_url

SCHEME = "amqp"
PORT = 5672
EXAMPLE = "amqp://guest:guest@127.0.0.1:5672/"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmqpAddress:
    """Of one virtual host of one broker."""

    host: str = "127.0.0.1"
    port: int = PORT
    user: str = "guest"
    password: str = "guest"  # noqa: S105 - RabbitMQ's own default, good on loopback alone
    vhost: str = "/"

    @classmethod
    def parse(cls, url: str, where: str) -> AmqpAddress:
        """From a URL. Raises ScenarioError for what is not AMQP on loopback."""
        parts, host, port = split_url(url, where, SCHEME, EXAMPLE)
        return cls(
            host=host,
            port=port or PORT,
            user=unquote(parts.username or "guest"),
            password=unquote(parts.password or "guest"),
            vhost=unquote(parts.path[1:]) or "/",
        )

    def at(self, host: str, port: int) -> AmqpAddress:
        """The same virtual host, reached at another address: a proxy's."""
        return AmqpAddress(host=host, port=port, user=self.user, password=self.password, vhost=self.vhost)

    def __str__(self) -> str:
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"{SCHEME}://{who}@{in_url(self.host)}:{self.port}/{quote(self.vhost, safe='')}"
