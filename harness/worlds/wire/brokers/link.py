"""One connection of a client of a broker: what every protocol needs of it.

Owns the client's side: bytes are kept back while a toxic is armed for somebody else. What they mean, and the
broker's side, is each protocol's own.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

from harness.worlds.wire.http import Closable


class Station(Protocol):
    """The server that a link belongs to (`harness.worlds.wire.brokers.server`)."""

    async def until_up(self) -> None:
        """Returns once the broker is there."""

    async def may_write(self, link: Any, /) -> None:
        """Returns once nothing is armed that is not for this link."""

    def in_the_way(self, link: Any, /) -> bool:
        """Whether something is armed that is not for this link."""


class ClientLink(asyncio.Protocol):
    """shared: it came through the proxy that publishes come through, too."""

    def __init__(self, station: Station, links: set[Closable], *, shared: bool) -> None:
        self.shared = shared
        self.gone = False
        self._at = station
        self._links = links
        self._loop = asyncio.get_running_loop()
        self._client: asyncio.Transport | None = None
        self._broker: asyncio.Transport | None = None
        self._kept: list[bytes] = []
        self._lost: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    def _begin(self) -> None:
        """The client is there."""

    @abstractmethod
    def _ended(self) -> None:
        """The client has left."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = cast("asyncio.Transport", transport)
        self._links.add(self)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.gone = True
        self._links.discard(self)
        if self._broker is not None:
            self._broker.abort()
        self._ended()
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)

    def write(self, data: bytes) -> None:
        """To the client, whatever is armed."""
        if self._client is not None and not self.gone:
            self._client.write(data)

    def hand_on(self, data: bytes) -> None:
        """To the client, once nothing is armed for somebody else."""
        if not (self._kept or self._at.in_the_way(self)):
            self.write(data)
            return
        self._kept.append(data)
        if not self._kept[1:]:
            self._spawn(self._when_free())

    def close(self) -> None:
        """Both sides."""
        for transport in (self._client, self._broker):
            if transport is not None:
                transport.close()

    def lost(self) -> asyncio.Future[None]:
        """Done once the client has left."""
        if self._lost is None:
            self._lost = self._loop.create_future()
            if self.gone:
                self._lost.set_result(None)
        return self._lost

    def soon(self, callback: Callable[[], object]) -> None:
        """Call it once what goes on now is over."""
        self._loop.call_soon(callback)

    async def _when_free(self) -> None:
        await self._at.may_write(self)
        kept, self._kept = self._kept, []
        self.write(b"".join(kept))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
