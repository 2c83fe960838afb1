"""Our own connection to the broker: what is declared there, and what is published.

Every message of a run is put there by this connection, once the fault injector has let it through, and in
that order. A broker that dies meanwhile is asked again when it is back: a message that it did not confirm is
sent again. Refuses to know who wants a message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness.clock.real import monotonic_s
from harness.rabbitmq.address import BrokerAddress
from harness.rabbitmq.client import AmqpClient
from harness.rabbitmq.errors import BrokerClosed, BrokerDied

if TYPE_CHECKING:
    from pamqp.commands import Basic

BACK_LIMIT_S = 60.0
AGAIN_AFTER_S = 0.05
CONNECT_LIMIT_S = 5.0
FLUSH_LIMIT_S = 1.0


class Outbox:
    """Of one bus in one world. exchange: named as the bus, it routes by the type of event."""

    def __init__(self, address: BrokerAddress, exchange: str) -> None:
        self.exchange = exchange
        self.dead_letters = f"{exchange}.dead-letters"
        self._address = address
        self._client: AmqpClient | None = None
        self._waiting: deque[tuple[str, str, Basic.Properties, bytes, asyncio.Future[None]]] = deque()
        self._standing: dict[str, tuple[str, ...]] = {}
        self._of_a_run: list[str] = []
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._sender: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Declare what every run needs, once. Raises BrokerDied where the broker does not answer."""
        from pamqp.commands import Exchange, Queue  # noqa: PLC0415 - an extra

        if self._sender is not None and not self._sender.done():
            return
        await self._ask(Exchange.Declare(exchange=self.exchange, exchange_type="topic", durable=True))
        await self._ask(Queue.Declare(queue=self.dead_letters, durable=True))
        self._sender = asyncio.create_task(self._run())

    async def declare(self, queue: str, routing_keys: tuple[str, ...]) -> None:
        """A durable queue that gets what is published with one of these keys; it stays from run to run."""
        from pamqp.commands import Queue  # noqa: PLC0415 - an extra

        if self._standing.get(queue) == routing_keys:
            return
        if self._standing.pop(queue, None) is not None:
            await self._ask(Queue.Delete(queue=queue))
        dead: Mapping[str, Any] = {
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": self.dead_letters,
        }
        await self._ask(Queue.Declare(queue=queue, durable=True, arguments=dict(dead)))
        for key in routing_keys:
            await self._ask(Queue.Bind(queue=queue, exchange=self.exchange, routing_key=key))
        self._standing[queue] = routing_keys

    def goes_with_the_run(self, queue: str) -> None:
        """Somebody else declared it."""
        if queue not in self._of_a_run and queue not in self._standing:
            self._of_a_run.append(queue)

    def send(
        self, exchange: str, routing_key: str, properties: Basic.Properties, body: bytes
    ) -> asyncio.Future[None]:
        """Publish; done once the broker has it."""
        confirmed = asyncio.get_running_loop().create_future()
        self._waiting.append((exchange, routing_key, properties, body, confirmed))
        self._news.set()
        return confirmed

    async def _run(self) -> None:
        """Publish what is to be sent, until cancelled."""
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            exchange, key, properties, body, confirmed = self._waiting[0]
            async with self._turn:
                client = await self._connected()
                try:
                    await client.publish(exchange, key, properties, body)
                except BrokerClosed:
                    continue  # it may have it all the same: then it has it twice
            if self._waiting and self._waiting[0][-1] is confirmed:
                self._waiting.popleft()
            if not confirmed.done():
                confirmed.set_result(None)

    async def count(self, queue: str) -> int:
        """How many messages wait there."""
        from pamqp.commands import Queue  # noqa: PLC0415 - an extra

        told = await self._ask(Queue.Declare(queue=queue, passive=True))
        return int(told.message_count)

    async def end_of_run(self) -> None:
        """The broker has all that was to be published, within a second; queues of this run go."""
        from pamqp.commands import Queue  # noqa: PLC0415 - an extra

        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_LIMIT_S):
                await asyncio.gather(*(one[-1] for one in self._waiting))
        for *_, confirmed in self._waiting:
            confirmed.cancel()  # nobody was promised that it is there
        self._waiting.clear()
        queues, self._of_a_run = self._of_a_run, []
        for queue in queues:
            await self._ask(Queue.Delete(queue=queue))

    async def close(self) -> None:
        """What was declared here goes."""
        from pamqp.commands import Exchange, Queue  # noqa: PLC0415 - an extra

        if self._sender is not None:
            self._sender.cancel()
        if self._client is None or self._client.over is not None:
            return  # the broker died, and its world says so
        with suppress(BrokerClosed):
            for queue in self._standing:
                await self._client.ask(Queue.Delete(queue=queue))
            # Other workers may use the rest: then the broker refuses, and they delete it.
            await self._client.ask(Exchange.Delete(exchange=self.exchange, if_unused=True))
            await self._client.ask(Queue.Delete(queue=self.dead_letters))
        await self._client.close()

    async def _ask(self, method: Any) -> Any:
        async with self._turn:
            client = await self._connected()
            return await client.ask(method)

    async def _connected(self) -> AmqpClient:
        """Where the broker is away: once it is back. Raises BrokerDied where it is not."""
        # One that was never there is not coming back.
        deadline_s = monotonic_s() + (CONNECT_LIMIT_S if self._client is None else BACK_LIMIT_S)
        while self._client is None or self._client.over is not None:
            try:
                client = await AmqpClient.open(self._address, limit_s=CONNECT_LIMIT_S, confirms=True)
            except (OSError, TimeoutError) as error:
                refused = isinstance(error, BrokerClosed) and error.code  # and will be again
                if refused or monotonic_s() > deadline_s:
                    where = f"{self._address.host}:{self._address.port}"
                    raise BrokerDied(f"rabbitmq at {where}: {error}, expected a connection") from None
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                self._client = client
        return self._client
