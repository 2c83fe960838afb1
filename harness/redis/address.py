"""Where a Redis is: `redis://user:password@host:port/database`. Loopback alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from harness.brokers.address import in_url, split_url
from harness.errors import ScenarioError, misplaced

SCHEME = "redis"
PORT = 6379
EXAMPLE = "redis://127.0.0.1:6379/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """Of one database of one server."""

    host: str = "127.0.0.1"
    port: int = PORT
    user: str = ""
    password: str = ""
    database: int = 0

    @classmethod
    def parse(cls, url: str, where: str) -> RedisAddress:
        """From a URL. Raises ScenarioError for what is not a Redis on loopback."""
        parts, host, port = split_url(url, where, SCHEME, EXAMPLE)
        database = parts.path[1:] or "0"
        if not database.isdecimal():
            raise ScenarioError(misplaced(where, url, f"the number of a database, like {EXAMPLE!r}"))
        return cls(
            host=host,
            port=port or PORT,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=int(database),
        )

    def at(self, host: str, port: int) -> RedisAddress:
        """The same database, reached at another address: a proxy's."""
        return replace(self, host=host, port=port)

    def __str__(self) -> str:
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.password else ""
        return f"{SCHEME}://{who}{in_url(self.host)}:{self.port}/{self.database}"
