"""A connection of ours through a participant's proxy, under the toxic of a call whose caller nobody sees.

Owns opening it (its request is known by its tag and is no call of the saga), proving that it works before
the toxic is there, and what became of the reply that it is sent together with the caller. Refuses to say
what should have become of it (`symptoms`).
"""

from __future__ import annotations

import asyncio
from typing import cast

from harness.worlds.wire.http import TAG_HEADER, Caller
from harness.worlds.wire.symptoms import Seen

OPEN_LIMIT_S = 0.5
END_LIMIT_S = 1.0
"""For what the toxic does to be seen; it takes a millisecond or two."""

_WORKS = b"HTTP/1.1 204 No Content\r\n\r\n"


class NoCanary(Exception):  # noqa: N818 - named for what is so
    """No connection of ours came through the proxy."""


class Canary(asyncio.Protocol):
    """One connection; on the servers' loop alone. `tag` tells its request from those of the saga."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        loop = self._loop = asyncio.get_running_loop()
        self._near: asyncio.Transport | None = None
        self._far: Caller | None = None
        self._reached: asyncio.Future[None] = loop.create_future()
        self._works: asyncio.Future[None] = loop.create_future()
        self._whole: asyncio.Future[None] = loop.create_future()
        self._over: asyncio.Future[None] = loop.create_future()
        self._written_s: float | None = None
        self._size = 0
        self._received = 0
        self._whole_s: float | None = None
        self._closed_s: float | None = None
        self._reset = False

    async def open(self, address: str, *, muted: bool) -> None:
        """Connect, and see that a reply comes back; `muted`: a toxic that is armed keeps any from coming.

        Raises NoCanary.
        """
        host, _, port = address.rpartition(":")
        request = f"GET / HTTP/1.1\r\nhost: {address}\r\n{TAG_HEADER}: {self.tag}\r\n\r\n"
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await self._loop.create_connection(lambda: self, host, int(port))
                assert self._near is not None
                self._near.write(request.encode())
                await self._reached
                if not muted:
                    assert self._far is not None
                    self._far.write(_WORKS)
                    await self._works
        except (OSError, TimeoutError) as error:
            self.close()
            raise NoCanary(f"{type(error).__name__}: {error}") from None

    def reached(self, far: Caller) -> None:
        """Its request reached the participant's server, at this connection."""
        self._far = far
        _set(self._reached)

    def answer(self, payload: bytes, *, close: bool) -> None:
        """Send it what the caller is sent, and close where the caller's connection is closed."""
        assert self._far is not None
        if self._written_s is not None:
            return
        self._size, self._received = len(payload), 0
        self._written_s = self._loop.time()
        self._far.write(payload)
        if close:
            self._far.close()

    async def whole(self, limit_s: float) -> None:
        """Until it has its whole reply, or it is over, or the limit."""
        await asyncio.wait({self._whole, self._over}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)

    async def over(self, limit_s: float = END_LIMIT_S) -> None:
        """Until its connection is over, or the limit."""
        await asyncio.wait({self._over}, timeout=limit_s)

    def seen(self) -> Seen:
        """What became of its reply so far."""
        since_s = self._written_s or 0.0
        return Seen(
            received=self._received,
            whole_s=None if self._whole_s is None else self._whole_s - since_s,
            closed_s=None if self._closed_s is None else self._closed_s - since_s,
            reset=self._reset,
        )

    @property
    def written_s(self) -> float:
        """When its reply was written, by the loop's clock."""
        return self._written_s or 0.0

    def close(self) -> None:
        """Nothing more is to be learnt from it."""
        if self._near is not None:
            self._near.abort()
        if self._far is not None:
            self._far.close()

    # What asyncio calls -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._near = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._written_s is None:
            if self._received >= len(_WORKS):
                _set(self._works)
        elif self._received >= self._size and self._whole_s is None:
            self._whole_s = self._loop.time()
            _set(self._whole)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed_s = self._loop.time()
        self._reset = isinstance(exc, ConnectionResetError)
        for waited in (self._reached, self._works):
            if not waited.done():
                waited.set_exception(ConnectionError("closed at once"))
                waited.exception()  # looked at: it may be that nobody waits
        _set(self._over)


async def refused(address: str) -> str | None:
    """What a connection of ours met there, where it was not refused."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            transport, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, host, int(port)
            )
    except ConnectionRefusedError:
        return None
    except (OSError, TimeoutError) as error:
        return type(error).__name__
    transport.abort()
    return "a connection"


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
