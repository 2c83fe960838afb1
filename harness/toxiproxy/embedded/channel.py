"""A one-way channel for chunks between two tasks, with the back-pressure of an unbuffered pipe.

Owns only the hand-over. With capacity 0 a sender waits until its chunk has been taken, so a stream that
nobody reads stops its source instead of filling memory. One sender and one taker at a time.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Chunk:
    """Bytes as they were read, and when: toxics that delay count from there."""

    data: bytes | memoryview
    read_at_s: float


def wake(waiter: asyncio.Future[None] | None) -> None:
    """Resume whoever waits, if anyone still does."""
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


class Channel:
    """Chunks in order, then an end."""

    __slots__ = ("_capacity", "_chunks", "_closed", "_sender", "_taker")

    def __init__(self, capacity: float = 0) -> None:
        self._capacity = capacity
        self._chunks: deque[Chunk] = deque()
        self._closed = False
        self._sender: asyncio.Future[None] | None = None
        self._taker: asyncio.Future[None] | None = None

    def ready(self) -> bool:
        """Whether `take` has an answer."""
        return bool(self._chunks) or self._closed

    def take(self) -> Chunk | None:
        """The next chunk, or None at the end of the stream. Only when `ready`."""
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        wake(self._sender)
        return chunk

    def notify(self, taker: asyncio.Future[None]) -> None:
        """Wake this one when there is something to take."""
        self._taker = taker

    async def put(self, chunk: Chunk) -> None:
        """Hand a chunk over, and wait until there is room behind it."""
        self._chunks.append(chunk)
        wake(self._taker)
        while len(self._chunks) > self._capacity:
            self._sender = asyncio.get_running_loop().create_future()
            await self._sender

    def close(self) -> None:
        """Let the taker see the end once it has taken what is left."""
        self._closed = True
        wake(self._taker)

    def drain_into(self, other: "Channel") -> bool:
        """Move all that waits here, without waiting for room there; False when the stream ended here."""
        other.absorb(self._chunks)
        self._chunks.clear()
        return not self._closed

    def absorb(self, chunks: Iterable[Chunk]) -> None:
        """Take these at once, whatever the capacity."""
        self._chunks.extend(chunks)
        wake(self._taker)

    def unbound(self) -> None:
        """Release a sender that waits for room: this channel is about to be emptied and taken away."""
        self._capacity = float("inf")
        wake(self._sender)
