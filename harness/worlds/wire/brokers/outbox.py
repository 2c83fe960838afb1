"""Our own connection to a broker: what is declared there, and what is published.

Every message of a run is put there by this connection, once the fault injector has let it through, and in
that order. A broker that dies meanwhile is asked again when it is back: a message that it did not confirm is
sent again. Refuses to know who wants a message, and a protocol.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from harness.brokers.address import BrokerAddress
from harness.brokers.errors import BrokerClosed, BrokerDied
from harness.clock.real import monotonic_s

BACK_LIMIT_S = 60.0
AGAIN_AFTER_S = 0.05
CONNECT_LIMIT_S = 5.0
FLUSH_LIMIT_S = 1.0


class Client(Protocol):
    """A connection. over: why it is none any more."""

    @property
    def over(self) -> BrokerClosed | None: ...

    async def close(self) -> None:
        """Say goodbye."""


C = TypeVar("C", bound=Client)
P = TypeVar("P")


class BrokerOutbox(ABC, Generic[C, P]):
    """Of one bus in one world. C: its client. P: what it sends at once."""

    def __init__(self, name: str, address: BrokerAddress, bus: str) -> None:
        self.dead_letters = f"{bus}.dead-letters"
        self._name = name
        self._address = address
        self._client: C | None = None
        self._waiting: deque[tuple[P, asyncio.Future[Any]]] = deque()
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._sender: asyncio.Task[None] | None = None

    # What each broker says --------------------------------------------------------------------

    @abstractmethod
    async def _open(self) -> C:
        """A connection. Raises OSError, TimeoutError, BrokerClosed."""

    @abstractmethod
    async def _declare_standing(self) -> None:
        """What every run needs."""

    @abstractmethod
    async def _publish(self, client: C, parcel: P) -> Any:
        """Send it and wait until the broker has it; what the broker calls it."""

    @abstractmethod
    def goes_with_the_run(self, queue: str) -> None:
        """Somebody else declared it."""

    @abstractmethod
    async def _forget_run(self) -> None:
        """What belongs to the run that ends goes."""

    @abstractmethod
    async def _forget_all(self, client: C) -> None:
        """What was declared here goes."""

    # ------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Declare what every run needs, once. Raises BrokerDied where the broker does not answer."""
        if self._sender is not None and not self._sender.done():
            return
        await self._declare_standing()
        self._sender = asyncio.create_task(self._run())

    def send(self, parcel: P) -> asyncio.Future[Any]:
        """Publish; done once the broker has it."""
        confirmed = asyncio.get_running_loop().create_future()
        self._waiting.append((parcel, confirmed))
        self._news.set()
        return confirmed

    async def _run(self) -> None:
        """Publish what is to be sent, until cancelled."""
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            parcel, confirmed = self._waiting[0]
            async with self._turn:
                client = await self._connected()
                try:
                    told = await self._publish(client, parcel)
                except BrokerClosed:
                    continue  # it may have it all the same: then it has it twice
            if self._waiting and self._waiting[0][-1] is confirmed:
                self._waiting.popleft()
            if not confirmed.done():
                confirmed.set_result(told)

    async def end_of_run(self) -> None:
        """The broker has all that was to be published, within a second; queues of this run go."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_LIMIT_S):
                await asyncio.gather(*(one[-1] for one in self._waiting))
        for *_, confirmed in self._waiting:
            confirmed.cancel()  # nobody was promised that it is there
        self._waiting.clear()
        await self._forget_run()

    async def close(self) -> None:
        """What was declared here goes."""
        if self._sender is not None:
            self._sender.cancel()
        if self._client is None or self._client.over is not None:
            return  # the broker died, and its world says so
        with suppress(BrokerClosed):
            await self._forget_all(self._client)
        await self._client.close()

    async def _connected(self) -> C:
        """Where the broker is away: once it is back. Raises BrokerDied where it is not."""
        # One that was never there is not coming back.
        deadline_s = monotonic_s() + (CONNECT_LIMIT_S if self._client is None else BACK_LIMIT_S)
        while self._client is None or self._client.over is not None:
            try:
                client = await self._open()
            except (OSError, TimeoutError) as error:
                refused = isinstance(error, BrokerClosed) and error.code  # and will be again
                if refused or monotonic_s() > deadline_s:
                    where = f"{self._address.host}:{self._address.port}"
                    raise BrokerDied(f"{self._name} at {where}: {error}, expected a connection") from None
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                self._client = client
        return self._client
