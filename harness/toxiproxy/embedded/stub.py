"""One toxic's place on one connection: where it takes chunks from and where it hands them on.

Owns starting a toxic here, and interrupting it so that it can be changed or taken away without losing
data. A toxic's `pipe` may be interrupted while it waits for input or sleeps, never while it hands a chunk
on; that it returns means that the stream has ended.
"""

import asyncio
import random
from typing import Protocol

from harness.toxiproxy.embedded.channel import Channel, Chunk, wake


class Interrupted(Exception):  # noqa: N818 -- control flow, not an error
    """The toxic must let go of the stream, handing on what it holds."""


class Pipeline(Protocol):
    """What a stub needs to know of the toxic that runs on it."""

    toxicity: float

    async def pipe(self, stub: "Stub") -> None: ...

    async def pass_through(self, stub: "Stub") -> None: ...


class Stub:
    """Where one toxic meets one stream."""

    def __init__(self, source: Channel, target: Channel, rng: random.Random) -> None:
        self.source = source
        self.target = target
        self.rng = rng
        self.closed = False
        self.passed_bytes = 0
        self._loop = asyncio.get_running_loop()
        self._interrupting = False
        self._waiter: asyncio.Future[None] | None = None
        self._task: asyncio.Task[bool] | None = None

    def run(self, toxic: Pipeline) -> None:
        """Start a toxic here; chance decides whether this stream is hit."""
        hit = self.rng.random() < toxic.toxicity
        self._interrupting = False
        self._task = self._loop.create_task(self._drive(toxic, hit=hit))

    async def interrupt(self) -> bool:
        """Make the toxic let go; False when its stream has ended."""
        if self.closed or self._task is None:
            return False
        self._interrupting = True
        wake(self._waiter)
        await asyncio.wait({self._task})
        return not self.closed

    def abort(self) -> None:
        """Stop at once: both ends of the connection are gone."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """End the stream here, for everything behind this stub."""
        if not self.closed:
            self.closed = True
            self.target.close()

    async def receive(self, within_s: float | None = None) -> Chunk | None:
        """The next chunk, None at the end; `TimeoutError` when neither comes in time."""
        deadline_s = None if within_s is None else self._loop.time() + within_s
        while True:
            self._check()
            if self.source.ready():
                return self.source.take()
            if deadline_s is not None and self._loop.time() >= deadline_s:
                raise TimeoutError
            await self._pause(deadline_s, until_input=True)

    async def sleep(self, seconds: float) -> None:
        """Wait, unless interrupted."""
        deadline_s = self._loop.time() + seconds
        self._check()
        while self._loop.time() < deadline_s:
            await self._pause(deadline_s, until_input=False)
            self._check()

    async def hold(self, chunk: Chunk, seconds: float) -> None:
        """Sleep with a chunk in hand: whoever interrupts gets it handed on at once."""
        try:
            await self.sleep(seconds)
        except Interrupted:
            await self.send(chunk)
            raise

    async def send(self, chunk: Chunk) -> None:
        """Hand a chunk on, however long the other side takes."""
        await self.target.put(chunk)

    def now_s(self) -> float:
        """The clock that chunks are stamped by."""
        return self._loop.time()

    def _check(self) -> None:
        if self._interrupting:
            raise Interrupted

    async def _pause(self, deadline_s: float | None, *, until_input: bool) -> None:
        waiter = self._waiter = self._loop.create_future()
        if until_input:
            self.source.notify(waiter)
        timer = None if deadline_s is None else self._loop.call_at(deadline_s, wake, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    async def _drive(self, toxic: Pipeline, *, hit: bool) -> bool:
        try:
            await (toxic.pipe(self) if hit else toxic.pass_through(self))
        except Interrupted:
            return True
        except BaseException:
            self.close()
            raise
        self.close()
        return False
