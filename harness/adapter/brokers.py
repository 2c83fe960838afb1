"""Handlers on a broker, whichever it is: how messages are taken from it, and how events are published to it.

`BrokerInbox` keeps a connection for each subscription, as services do that know nothing of one another; one
that is cut is opened again, and the broker delivers again what was not acknowledged. `BrokerTransport` sends
what `ctx.publish` hands to httpx as a message, and what the broker says to it comes back as 201 or 500.
Refuses to deduplicate, and to know a protocol.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Protocol, cast
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from harness.adapter.inbox import Delivery
from harness.adapter.push import ATTEMPT_HEADER, PushInbox
from harness.brokers.errors import BrokerClosed, BrokerRefused
from harness.cloudevents import CloudEvent, NotACloudEvent, read_event

CONNECT_LIMIT_S = 5.0
AGAIN_AFTER_S = 0.02
"""A connection that was cut is opened again."""

_MODULES = {"amqp": "harness.adapter.amqp", "redis": "harness.adapter.redis"}


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Where the messages of one subscription are. url: of the broker, as this consumer reaches it.

    types: of that bus's events, those it gets. consumer: its name among those of the queue.
    """

    subscription: str
    url: str
    name: str
    bus: str
    types: tuple[str, ...]
    consumer: str


Subscribe = Callable[[str], Awaitable[tuple[Queue, ...]]]


class BrokerInbox(PushInbox):
    """Of one executor. subscribe: called with where endings are to be said; answers where the queues are."""

    def __init__(self, subscribe: Subscribe) -> None:
        async def consume(url: str) -> None:
            for queue in await subscribe(url):
                self._consumers.append(asyncio.create_task(self._consume(queue)))

        super().__init__(consume)
        self._consumers: list[asyncio.Task[None]] = []

    @abstractmethod
    async def _take_all(self, queue: Queue) -> None:
        """By one connection, until it is over. Raises OSError or TimeoutError, as it ends."""

    async def _consume(self, queue: Queue) -> None:
        """Until the inbox is closed: again and again, for a connection may be cut at any time."""
        while True:
            with suppress(OSError, TimeoutError):  # cut, or not there yet
                await self._take_all(queue)
            await asyncio.sleep(AGAIN_AFTER_S)

    def _take(
        self,
        subscription: str,
        headers: Mapping[str, str],
        body: bytes,
        done: Callable[[str | None], None],
    ) -> None:
        event: CloudEvent | None
        try:
            event = read_event(headers, body)
        except NotACloudEvent:
            event = None
        attempt = int(headers.get(ATTEMPT_HEADER, "1"))
        self._put(Delivery(subscription=subscription, event=event, attempt=attempt, done=done))

    def _close(self) -> None:
        super()._close()
        for one in self._consumers:
            one.cancel()


class BrokerTransport(httpx.AsyncBaseTransport):
    """Takes a request that publishes an event, and returns once the broker has it.

    201: it has; 500: it said that it has not. A connection for each: what a fault does to one publish, no
    other one has to bear. Raises what httpx raises: ConnectError, ReadTimeout, ReadError for a reset,
    RemoteProtocolError for a close.
    """

    @abstractmethod
    async def _connect(self, limit_s: float) -> Publisher:
        """Raises OSError where nobody listens, TimeoutError."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        headers = {name.lower(): value for name, value in request.headers.items()}
        event = read_event(headers, request.content)
        named = {**headers, "ce-id": quote(event.id), "ce-type": quote(event.type)}
        client = await self._connected(request, timeouts.get("connect"))
        try:
            async with asyncio.timeout(timeouts.get("read")):
                await client.publish_event(event.type, named, request.content)
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

    async def _connected(self, request: httpx.Request, limit_s: float | None) -> Publisher:
        try:
            return await self._connect(limit_s or CONNECT_LIMIT_S)
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection to the broker", request=request) from None
        except OSError as error:
            raise httpx.ConnectError(f"no connection to the broker: {error}", request=request) from None


class Publisher(Protocol):
    """A connection by which one event is published."""

    async def publish_event(self, type_: str, headers: Mapping[str, str], body: bytes, /) -> None:
        """Until the broker has it. Raises BrokerRefused, BrokerClosed."""

    def abort(self) -> None:
        """Drop the connection."""


class Broker(Protocol):
    """A module that speaks one protocol."""

    def inbox(self, subscribe: Subscribe, /) -> BrokerInbox:
        """For handlers."""

    def transport(self, url: str, bus: str, /) -> BrokerTransport:
        """What publishes to a bus at a broker's URL."""


def broker_at(url: str) -> Broker | None:
    """Whoever speaks what is spoken at the URL of a bus; None for a bus that speaks HTTP."""
    name = _MODULES.get(urlsplit(url).scheme)
    return None if name is None else cast("Broker", import_module(name))


def publishing_client(broker: Broker, url: str, bus: str) -> httpx.AsyncClient:
    """Its requests become messages to the bus at a broker's URL."""
    return httpx.AsyncClient(transport=broker.transport(url, bus), trust_env=False, timeout=CONNECT_LIMIT_S)


def http_url(url: str) -> str:
    """Where the bus at a broker's URL takes subscriptions of handlers, and requests that publish."""
    parts = urlsplit(url)
    return f"http://{parts.hostname}:{parts.port}"
