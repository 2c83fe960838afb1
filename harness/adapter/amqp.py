"""Handlers on RabbitMQ: each takes its messages from a queue, and publishes over AMQP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from harness.adapter.brokers import CONNECT_LIMIT_S, BrokerInbox, BrokerTransport, Queue, Subscribe
from harness.rabbitmq.address import AmqpAddress
from harness.rabbitmq.client import AmqpClient, Delivered
from harness.rabbitmq.events import headers_of, properties_of


class AmqpInbox(BrokerInbox):
    """Of one executor."""

    async def _take_all(self, queue: Queue) -> None:
        address = AmqpAddress.parse(queue.url, "queue")
        client = await AmqpClient.open(address, limit_s=CONNECT_LIMIT_S)
        try:
            ended = asyncio.Event()
            client.on_closed = ended.set
            await client.consume(queue.name, partial(self._taken, queue.subscription))
            await ended.wait()
        finally:
            client.abort()

    def _taken(self, subscription: str, client: AmqpClient, delivered: Delivered) -> None:
        headers = headers_of(delivered.properties)
        self._take(subscription, headers, delivered.body, partial(_answer, client, delivered.tag))


def _answer(client: AmqpClient, tag: int, reason: str | None) -> None:
    if client.over is not None:
        return  # the broker delivers it again
    if reason is None:
        client.acknowledge(tag)
    else:
        client.refuse(tag)


class AmqpTransport(BrokerTransport):
    """To one exchange."""

    def __init__(self, address: AmqpAddress, exchange: str) -> None:
        self._address = address
        self._exchange = exchange

    async def _connect(self, limit_s: float) -> _Publisher:
        client = await AmqpClient.open(self._address, limit_s=limit_s, confirms=True)
        return _Publisher(client, self._exchange)


class _Publisher:
    def __init__(self, client: AmqpClient, exchange: str) -> None:
        self._client = client
        self._exchange = exchange
        self.abort = client.abort

    async def publish_event(self, type_: str, headers: Mapping[str, str], body: bytes) -> None:
        await self._client.publish(self._exchange, type_, properties_of(headers), body)


def inbox(subscribe: Subscribe) -> AmqpInbox:
    """For handlers."""
    return AmqpInbox(subscribe)


def transport(url: str, bus: str) -> AmqpTransport:
    """What publishes to the exchange that is named as the bus."""
    return AmqpTransport(AmqpAddress.parse(url, "the bus's URL"), bus)
