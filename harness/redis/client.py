"""A small Redis client: one connection, that says exactly how it ended.

A library's client would connect and ask again by itself, and would not tell a reset from a close; the harness
has to see both. Refuses to retry.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Self

from harness.brokers.errors import BrokerClosed, BrokerRefused
from harness.redis.address import RedisAddress
from harness.redis.resp import UNFINISHED, Word, command, error_in, new_reader

CHUNK = 65_536
NOT_LET_IN = 403


class RedisClient:
    """On one event loop. Every method raises BrokerClosed once the connection is over."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._values = new_reader()
        self._answers: deque[asyncio.Future[Any]] = deque()
        self._over: BrokerClosed | None = None
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, address: RedisAddress, *, limit_s: float) -> Self:
        """Connect. Raises OSError where nobody listens, TimeoutError, BrokerClosed where it is not let in."""
        async with asyncio.timeout(limit_s):
            client = cls(*await asyncio.open_connection(address.host, address.port))
            try:
                await client._enter(address)
            except BaseException:
                client.abort()
                raise
        return client

    @property
    def over(self) -> BrokerClosed | None:
        """Why the connection is over; None while it is not."""
        return self._over

    async def ask(self, *words: Word) -> Any:
        """Send a command and wait for its answer. Raises BrokerRefused where that is an error."""
        value = await self.tell(*words)
        wrong = error_in(value)
        if wrong is not None:
            raise BrokerRefused(wrong)
        return value

    def tell(self, *words: Word) -> asyncio.Future[Any]:
        """Send a command; done once it is answered, be it by an error."""
        if self._over is not None:
            raise self._over
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self._writer.write(command(words))
        return answer

    async def close(self) -> None:
        """Drop the connection: Redis waits for no goodbye."""
        self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        self._end(BrokerClosed("closed by us"))
        self._listening.cancel()

    async def _enter(self, address: RedisAddress) -> None:
        try:
            if address.password:
                await self.ask("AUTH", *([address.user] if address.user else []), address.password)
            await self.ask("SELECT", address.database)
        except BrokerRefused as error:
            raise BrokerClosed(str(error), code=NOT_LET_IN) from None

    async def _listen(self) -> None:
        import hiredis  # noqa: PLC0415 - an extra

        try:
            while data := await self._reader.read(CHUNK):
                self._values.feed(data)
                while (value := self._values.gets()) is not UNFINISHED:
                    self._take(value)
            self._end(BrokerClosed("the connection was closed"))
        except (OSError, hiredis.ProtocolError) as error:
            reset = isinstance(error, ConnectionResetError)
            self._end(BrokerClosed(f"the connection was lost: {error}", reset=reset))

    def _take(self, value: object) -> None:
        if self._answers:
            answer = self._answers.popleft()
            if not answer.done():
                answer.set_result(value)

    def _end(self, why: BrokerClosed) -> None:
        if self._over is not None:
            return
        self._over = why
        for waiting in self._answers:
            if not waiting.done():
                waiting.set_exception(why)
                waiting.exception()  # looked at: it may be that nobody waits any more
        with suppress(OSError):
            self._writer.close()
