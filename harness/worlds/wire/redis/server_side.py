"""Our connection to a Redis server in the name of one client."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

from harness.redis.resp import UNFINISHED, new_reader

Raw = tuple[bytes, Any]
"""An answer's bytes, and their value."""


class Side(Protocol):
    """The client's (`harness.worlds.wire.redis.link`)."""

    def from_server(self, data: bytes) -> None:
        """What it says on its own."""

    def server_is_gone(self) -> None:
        """The connection is over."""


class ServerSide(asyncio.Protocol):
    """One question at a time, until it is piped."""

    def __init__(self, link: Side) -> None:
        self.transport: asyncio.Transport | None = None
        self._link = link
        self._values = new_reader()
        self._raw = bytearray()
        self._answer: asyncio.Future[Raw] | None = None
        self._piped = False
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    async def ask(self, data: bytes) -> Raw:
        """Raises ConnectionError where it is gone."""
        if self._over or self.transport is None:
            raise ConnectionError("the server is gone")
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return await self._answer

    def pipe(self, data: bytes) -> None:
        """From now on all that it says goes to the client."""
        self._piped = True
        self.write(data)

    def write(self, data: bytes) -> None:
        """To the server."""
        if self.transport is not None:
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        if self._piped:
            self._link.from_server(data)
            return
        self._raw += data
        self._values.feed(data)
        value = self._values.gets()
        if value is not UNFINISHED and self._answer is not None and not self._answer.done():
            raw, self._raw = bytes(self._raw), bytearray()
            self._answer.set_result((raw, value))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._over = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server is gone"))
        self._link.server_is_gone()
