"""Our own connection to RabbitMQ: exchange, queues and dead letters of a bus, and what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.rabbitmq.address import AmqpAddress
from harness.rabbitmq.client import AmqpClient
from harness.worlds.wire.brokers.outbox import CONNECT_LIMIT_S, BrokerOutbox

if TYPE_CHECKING:
    from pamqp.commands import Basic


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message."""

    exchange: str
    routing_key: str
    properties: Basic.Properties
    body: bytes


class AmqpOutbox(BrokerOutbox[AmqpClient, Parcel]):
    """exchange: named as the bus, it routes by the type of event."""

    def __init__(self, address: AmqpAddress, exchange: str) -> None:
        super().__init__("rabbitmq", address, exchange)
        self.exchange = exchange
        self._amqp = address
        self._standing: dict[str, tuple[str, ...]] = {}
        self._of_a_run: list[str] = []

    async def _open(self) -> AmqpClient:
        return await AmqpClient.open(self._amqp, limit_s=CONNECT_LIMIT_S, confirms=True)

    async def _declare_standing(self) -> None:
        from pamqp.commands import Exchange, Queue  # noqa: PLC0415 - an extra

        await self._ask(Exchange.Declare(exchange=self.exchange, exchange_type="topic", durable=True))
        await self._ask(Queue.Declare(queue=self.dead_letters, durable=True))

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
        if queue not in self._of_a_run and queue not in self._standing:
            self._of_a_run.append(queue)

    async def _publish(self, client: AmqpClient, parcel: Parcel) -> None:
        await client.publish(parcel.exchange, parcel.routing_key, parcel.properties, parcel.body)

    async def count(self, queue: str) -> int:
        """How many messages wait there."""
        from pamqp.commands import Queue  # noqa: PLC0415 - an extra

        told = await self._ask(Queue.Declare(queue=queue, passive=True))
        return int(told.message_count)

    async def _forget_run(self) -> None:
        from pamqp.commands import Queue  # noqa: PLC0415 - an extra

        queues, self._of_a_run = self._of_a_run, []
        for queue in queues:
            await self._ask(Queue.Delete(queue=queue))

    async def _forget_all(self, client: AmqpClient) -> None:
        from pamqp.commands import Exchange, Queue  # noqa: PLC0415 - an extra

        for queue in self._standing:
            await client.ask(Queue.Delete(queue=queue))
        # Other workers may use the rest: then the broker refuses, and they delete it.
        await client.ask(Exchange.Delete(exchange=self.exchange, if_unused=True))
        await client.ask(Queue.Delete(queue=self.dead_letters))

    async def _ask(self, method: Any) -> Any:
        async with self._turn:
            client = await self._connected()
            return await client.ask(method)
