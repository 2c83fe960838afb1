"""Handlers on a broker: they take messages from queues and publish over AMQP, each by connections of its own.

`AmqpInbox` keeps a connection for each subscription, as services do that know nothing of one another; one
that is cut is opened again, and the broker delivers again what was not acknowledged. `AmqpTransport` sends
what `ctx.publish` hands to httpx as a message, and its confirm comes back as 201. Refuses to deduplicate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from harness.adapter.inbox import Delivery
from harness.adapter.push import ATTEMPT_HEADER, PushInbox
from harness.cloudevents import CloudEvent, NotACloudEvent, read_event
from harness.rabbitmq.address import BrokerAddress
from harness.rabbitmq.client import AmqpClient, Delivered
from harness.rabbitmq.errors import BrokerClosed, BrokerRefused
from harness.rabbitmq.events import headers_of, properties_of

CONNECT_LIMIT_S = 5.0
AGAIN_AFTER_S = 0.02
"""A connection that was cut is opened again."""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Where the messages of one subscription are. url: of the broker, as this consumer reaches it."""

    subscription: str
    url: str
    name: str


Subscribe = Callable[[str], Awaitable[tuple[Queue, ...]]]


class AmqpInbox(PushInbox):
    """Of one executor. subscribe: called with where endings are to be said; answers where the queues are."""

    def __init__(self, subscribe: Subscribe) -> None:
        async def consume(url: str) -> None:
            for queue in await subscribe(url):
                self._consumers.append(asyncio.create_task(self._consume(queue)))

        super().__init__(consume)
        self._consumers: list[asyncio.Task[None]] = []

    async def _consume(self, queue: Queue) -> None:
        """Until the inbox is closed: again and again, for a connection may be cut at any time."""
        while True:
            ended: asyncio.Event = asyncio.Event()
            try:
                address = BrokerAddress.parse(queue.url, "queue")
                client = await AmqpClient.open(address, limit_s=CONNECT_LIMIT_S)
            except (OSError, TimeoutError):
                await asyncio.sleep(AGAIN_AFTER_S)
                continue
            try:
                client.on_closed = ended.set
                await client.consume(queue.name, partial(self._take, queue.subscription))
                await ended.wait()
            except BrokerClosed:
                pass  # cut meanwhile
            finally:
                client.abort()
            await asyncio.sleep(AGAIN_AFTER_S)

    def _take(self, subscription: str, client: AmqpClient, delivered: Delivered) -> None:
        headers = headers_of(delivered.properties)
        event: CloudEvent | None
        try:
            event = read_event(headers, delivered.body)
        except NotACloudEvent:
            event = None
        self._put(
            Delivery(
                subscription=subscription,
                event=event,
                attempt=int(headers.get(ATTEMPT_HEADER, "1")),
                done=partial(_answer, client, delivered.tag),
            )
        )

    def _close(self) -> None:
        super()._close()
        for one in self._consumers:
            one.cancel()


def _answer(client: AmqpClient, tag: int, reason: str | None) -> None:
    if client.over is not None:
        return  # the broker delivers it again
    if reason is None:
        client.acknowledge(tag)
    else:
        client.refuse(tag)


class AmqpTransport(httpx.AsyncBaseTransport):
    """Takes a request that publishes an event, and returns once the broker has it.

    201 is a confirm, 500 a negative one. A connection for each: what a fault does to one publish, no other
    one has to bear. Raises what httpx raises: ConnectError, ReadTimeout, ReadError for a reset,
    RemoteProtocolError for a close.
    """

    def __init__(self, address: BrokerAddress, exchange: str) -> None:
        self._address = address
        self._exchange = exchange

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        headers = {name.lower(): value for name, value in request.headers.items()}
        event = read_event(headers, request.content)
        named = {**headers, "ce-id": quote(event.id), "ce-type": quote(event.type)}
        client = await self._connected(request, timeouts.get("connect"))
        try:
            async with asyncio.timeout(timeouts.get("read")):
                properties = properties_of(named)
                await client.publish(self._exchange, event.type, properties, request.content)
        except TimeoutError:
            raise httpx.ReadTimeout("no confirm from the broker", request=request) from None
        except BrokerRefused as error:
            return httpx.Response(500, text=str(error), request=request)
        except BrokerClosed as error:
            wrong = httpx.ReadError if error.reset else httpx.RemoteProtocolError
            raise wrong(str(error), request=request) from None
        finally:
            client.abort()
        return httpx.Response(201, json={"id": event.id}, request=request)

    async def _connected(self, request: httpx.Request, limit_s: float | None) -> AmqpClient:
        try:
            client = await AmqpClient.open(self._address, limit_s=limit_s or CONNECT_LIMIT_S, confirms=True)
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection to the broker", request=request) from None
        except OSError as error:
            raise httpx.ConnectError(f"no connection to the broker: {error}", request=request) from None
        return client


def publishing_client(url: str, exchange: str) -> httpx.AsyncClient:
    """Its requests become messages to the exchange of the broker at an `amqp://` URL."""
    transport = AmqpTransport(BrokerAddress.parse(url, "the bus's URL"), exchange)
    return httpx.AsyncClient(transport=transport, trust_env=False, timeout=CONNECT_LIMIT_S)


def http_url(url: str) -> str:
    """Where the bus at an `amqp://` URL takes subscriptions of handlers, and requests that publish."""
    parts = urlsplit(url)
    return f"http://{parts.hostname}:{parts.port}"
