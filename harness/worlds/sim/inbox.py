"""The inbox of one executor in virtual time: what was delivered to it and not taken yet.

Filled by callbacks of the world, read by the executor's own loop. Refuses to know what a message is.
"""

from __future__ import annotations

import asyncio
from collections import deque

from harness.adapter.inbox import Delivery, Ending


class SimInbox:
    """See `harness.adapter.inbox.Inbox`."""

    def __init__(self) -> None:
        self._messages: deque[Delivery] = deque()
        self._closed = False
        self._ending: Ending | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def put(self, delivery: Delivery) -> None:
        """Something was delivered."""
        self._messages.append(delivery)
        self._wake()

    def end(self, ending: Ending) -> None:
        """No message is under way."""
        self._ending = ending
        self._wake()

    def close(self) -> None:
        """There will be no more."""
        self._closed = True
        self._wake()

    async def next(self) -> Delivery | None:
        while not (self._messages or self._closed):
            await self._news()
        return self._messages.popleft() if self._messages else None

    async def ending(self) -> Ending:
        while self._ending is None:
            await self._news()
        return self._ending

    async def _news(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
