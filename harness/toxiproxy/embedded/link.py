"""One direction of one connection: source, toxics in a row, target.

Owns putting a toxic into a live stream, changing it and taking it away, without loss. The first stub is
always a noop: interrupting it holds the stream while the next one changes. The end of a stream closes its
target wholly, so a half-close of one side closes both directions, as with the real server.
"""

import asyncio
import random
from collections.abc import Callable, Sequence

from harness.toxiproxy.embedded.channel import Channel, Chunk
from harness.toxiproxy.embedded.peer import Peer
from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxic import Toxic


class Link:
    """A running stream."""

    def __init__(self, *, source: Peer, target: Peer, toxics: Sequence[Toxic], rng: random.Random) -> None:
        self._source = source
        self._target = target
        self._rng = rng
        self._stubs: list[tuple[Toxic, Stub]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._entry = self._exit = Channel()
        for toxic in toxics:
            self._append(toxic)

    def start(self, *, on_read: Callable[[int], None], on_written: Callable[[int], None]) -> None:
        """Let it flow; the callbacks get the bytes that went through when each side has ended."""
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._fill(on_read)))
        for toxic, stub in self._stubs:
            stub.run(toxic)
        self._tasks.append(loop.create_task(self._drain(on_written)))

    def abort(self) -> None:
        """Drop whatever is still held: both ends of the connection are closed."""
        for task in self._tasks:
            task.cancel()
        for _, stub in self._stubs:
            stub.abort()

    async def add(self, toxic: Toxic) -> None:
        """Put a toxic behind the others."""
        last_toxic, last = self._stubs[-1]
        if await last.interrupt():
            added = Stub(Channel(toxic.behaviour.buffered_chunks), last.target, self._rng)
            last.target = added.source
            self._stubs.append((toxic, added))
            added.run(toxic)
            last.run(last_toxic)

    async def update(self, toxic: Toxic) -> None:
        """Let a toxic start again with what it has become."""
        stub = self._find(toxic)
        if stub is not None and await stub.interrupt():
            stub.run(toxic)

    async def remove(self, toxic: Toxic) -> None:
        """Take a toxic away; what it or its input holds goes on at once."""
        stub = self._find(toxic)
        if stub is None or not await stub.interrupt():
            return
        if toxic.behaviour.closes_when_removed:
            stub.close()
        else:
            await self._bypass(toxic, stub)

    async def _bypass(self, toxic: Toxic, stub: Stub) -> None:
        position = self._stubs.index((toxic, stub))
        before_toxic, before = self._stubs[position - 1]
        stub.source.unbound()
        running = await before.interrupt()
        if not stub.source.drain_into(stub.target) or not running:
            stub.close()
            return
        before.target = stub.target
        del self._stubs[position]
        before.run(before_toxic)

    def _append(self, toxic: Toxic) -> None:
        # The channel before a toxic is as deep as that toxic asks; the one behind the last is not.
        source = self._exit
        if toxic.behaviour.buffered_chunks and self._stubs:
            source = self._stubs[-1][1].target = Channel(toxic.behaviour.buffered_chunks)
        self._exit = Channel()
        stub = Stub(source, self._exit, self._rng)
        if toxic.behaviour.resets:
            self._source.reset_on_close()
            self._target.reset_on_close()
        self._stubs.append((toxic, stub))

    def _find(self, toxic: Toxic) -> Stub | None:
        return next((stub for installed, stub in self._stubs if installed is toxic), None)

    async def _fill(self, on_read: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        count = 0
        while data := await self._source.read():
            count += len(data)
            await self._entry.put(Chunk(data, loop.time()))
        on_read(count)
        self._entry.close()

    async def _drain(self, on_written: Callable[[int], None]) -> None:
        count = 0
        while (chunk := await self._next()) is not None and await self._target.write(chunk.data):
            count += len(chunk.data)
        self._target.close()
        on_written(count)

    async def _next(self) -> Chunk | None:
        while not self._exit.ready():
            waiter = asyncio.get_running_loop().create_future()
            self._exit.notify(waiter)
            await waiter
        return self._exit.take()
