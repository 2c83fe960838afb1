"""The bus of one run whose messages RabbitMQ carries.

Each handler of a choreographed saga has a durable queue of its own, and consumes through a proxy of its own;
any other service declares and binds its queues itself, to the exchange that is named as the bus. Refuses to
decide what is delivered, and when (`harness.faults.messages`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from functools import partial
from itertools import count
from typing import Any, Protocol, cast

import msgspec

from harness.adapter.amqp import AmqpInbox, Queue
from harness.bus import Entry
from harness.bus.queue import Message
from harness.faults.messages import EVERY_SAGA, Brought, Carrier
from harness.faults.messages.host import Cut, Lost
from harness.participant import Request, Response
from harness.rabbitmq.frames import Content
from harness.worlds.wire.message_bus import (
    CUTS,
    SUBSCRIPTIONS,
    HandlersSubscribe,
    ProxyLike,
    Subscriber,
    WireBus,
)
from harness.worlds.wire.rabbitmq.brokers import BrokerProcess
from harness.worlds.wire.rabbitmq.carrier import COPY, MESSAGE, RUN, Arrival, RabbitCarrier, properties_for
from harness.worlds.wire.rabbitmq.link import AmqpLink
from harness.worlds.wire.rabbitmq.outbox import Outbox

CUT_LIMIT_S = 0.5
"""For a toxic to close a connection; it takes a millisecond or two. Half of the bus's patience at most."""

_runs = count(1)


class Standing(Protocol):
    """What stays from run to run (`harness.worlds.wire.rabbitmq.server`)."""

    outbox: Outbox

    async def url_of(self, queue: str) -> str:
        """Where the consumer of a queue of ours reaches the broker: a proxy of its own."""

    def proxy_of(self, queue: str) -> ProxyLike:
        """The one that its consumer comes through."""

    def close_links(self) -> None:
        """Nobody of an earlier run is to take what is another's."""


class RabbitBus(WireBus):
    """standing: what stays from run to run. failing: what goes wrong within ends the run."""

    confirms = True

    def __init__(
        self,
        *,
        standing: Standing,
        failing: Callable[[], AbstractContextManager[object]],
        process: BrokerProcess | None,
        **rest: Any,
    ) -> None:
        self._failing = failing
        self._process = process
        self.run = f"{os.getpid()}-{next(_runs)}"
        self._standing = standing
        self._outbox = standing.outbox
        self._hosted: dict[str, tuple[str, int]] = {}
        self._queues: dict[tuple[str, str], str] = {}
        self._confirms: dict[int, list[Future[None]]] = {}
        self._consuming: set[str] = set()
        super().__init__(**rest)
        self._places = {saga_id: f"{os.getpid()}.{place}" for place, saga_id in enumerate(self._inputs)}
        self._background.call(self._outbox.open())

    def _make_carrier(self, line: Brought) -> Carrier:
        self._carrier = RabbitCarrier(line, self)
        return self._carrier

    # Subscribers ------------------------------------------------------------------------------

    def inbox(self, saga_id: str, *, resumed: bool) -> AmqpInbox:
        """For handlers in this process."""

        async def subscribe(url: str) -> tuple[Queue, ...]:
            work = self._subscribed(saga_id, url, self._executor_of(saga_id), resumed=resumed)
            return await asyncio.wrap_future(self._background.begin(work))

        return AmqpInbox(subscribe)

    async def answer(self, endpoint_set: int, request: Request) -> Response:
        """A subscription over HTTP: of handlers alone; all others subscribe by AMQP."""
        try:
            told = msgspec.json.decode(request.body, type=HandlersSubscribe)
        except msgspec.DecodeError as error:
            wrong = f"{SUBSCRIPTIONS}: {error}; a broker carries this bus: subscribe by AMQP"
            return Response.of(400, {"error": wrong})
        with self._lock:
            executor = self._executors.caller_at(endpoint_set)
        queues = await self._subscribed(told.handlers_of, told.url, executor, resumed=told.resumed)
        return Response(status=200, body=msgspec.json.encode(queues))

    async def _subscribed(
        self, saga_id: str, url_of_inbox: str, executor: int, *, resumed: bool
    ) -> tuple[Queue, ...]:
        """Queues and proxies of the handlers of one saga; then the event that starts it."""
        saga = self._saga
        if saga is None or saga_id not in self._inputs:
            return ()
        types: dict[str, list[str]] = {}
        for type_, names in saga.subscriptions.items():
            for name in names:
                types.setdefault(name, []).append(type_)
        place, made = self._places[saga_id], []
        for name, of_name in types.items():
            queue = f"{self.name}.{place}.{name}"
            await self._outbox.declare(queue, tuple(f"{place}.{type_}" for type_ in of_name))
            url = await self._standing.url_of(queue)
            made.append(Queue(subscription=name, url=url, name=queue))
        with self._lock:
            for one in made:
                self._hosted[one.name] = (saga_id, executor)
                self._queues[saga_id, one.subscription] = one.name
            if self._open:
                self._begin_handlers(saga_id, url_of_inbox, executor, resumed=resumed)
        return tuple(made)

    def bound(self, queue: str, exchange: str, routing_key: str) -> None:
        """A service bound its queue to the exchange: from now on it gets these types."""
        if exchange == self.name:
            types = [one for one in self._bus.events if _matches(routing_key, one)]
            self._locked(partial(self._line.subscribe, types, queue))

    def consumes(self, queue: str) -> None:
        """A service takes the messages of a queue: it belongs to no saga."""
        if queue not in self._hosted and queue not in self._consuming:
            self._consuming.add(queue)
            host = Subscriber(self, 0, EVERY_SAGA, "", {queue})
            self._locked(partial(self._line.begin, host, None, {}))

    def declared(self, queue: str) -> None:
        """A service has a queue: it goes with the run."""
        self._outbox.goes_with_the_run(queue)

    # What the broker brings -------------------------------------------------------------------

    def delivery(self, link: AmqpLink, channel: int, queue: str, content: Content) -> None:
        """A message, at the link of whoever consumes it."""
        headers = content.properties.headers or {}
        saga_id, executor = self._hosted.get(queue, (EVERY_SAGA, 0))
        arrival = Arrival(self, link, channel, content, executor=executor, saga_id=saga_id)
        if headers.get(RUN) != self.run:
            arrival.acknowledge()  # of an earlier run, in a queue that outlived it
            return
        message, copy = cast("int", headers[MESSAGE]), cast("int | None", headers.get(COPY))
        self._locked(partial(self._carrier.arrived, arrival, message, copy))

    def queue_of(self, entry: Entry) -> str:
        return self._queues.get((entry.message.saga_id, entry.subscription), entry.subscription)

    def locked(self, callback: Callable[[], object]) -> None:
        self._locked(callback)

    # What is sent to it -----------------------------------------------------------------------

    def send(self, message: Message, queue: str | None, marks: dict[str, str | int]) -> None:
        more: dict[str, Any] = {**marks, RUN: self.run}
        place = self._places.get(message.saga_id)
        if queue is None and place is not None:
            more["CC"] = [f"{place}.{message.event.type}"]  # the broker routes by these, too
        properties, body = properties_for(message, more)
        exchange, key = (self.name, message.event.type) if queue is None else ("", queue)
        sent = self._background.begin(self._send(exchange, key, properties, body))
        self._confirms.setdefault(message.call, []).append(sent)

    async def _send(self, exchange: str, key: str, properties: Any, body: bytes) -> None:
        with suppress(asyncio.CancelledError):  # the run ended before
            await self._outbox.send(exchange, key, properties, body)

    async def confirmed(self, call: int) -> None:
        """Until the broker has what a call published."""
        for one in self._confirms.get(call, ()):
            await asyncio.wrap_future(one)

    async def die(self) -> None:
        """SIGKILL; it comes back on what it had on disk."""
        if self._process is not None:
            await self._process.die()
            self._background.spawn(self._come_back(self._process))

    async def _come_back(self, process: BrokerProcess) -> None:
        with self._failing():
            await process.come_back()

    # Losing an acknowledgement ----------------------------------------------------------------

    def cut(self, arrival: Arrival, reason: str | None, cut: Cut, lost: Lost) -> None:
        self._background.spawn(self._cut_loudly(arrival, reason, cut, lost))

    async def _cut_loudly(self, arrival: Arrival, reason: str | None, cut: Cut, lost: Lost) -> None:
        with self._failing():
            await self._cut(arrival, reason, cut, lost)

    async def _cut(self, arrival: Arrival, reason: str | None, cut: Cut, lost: Lost) -> None:
        """The acknowledgement is kept back until the connection is cut: then the broker never gets it."""
        proxy = self._standing.proxy_of(arrival.queue)
        await self._background.api(proxy.add_toxic, CUTS)
        try:
            arrival.link.pulse()
            await asyncio.wait(
                {asyncio.shield(arrival.link.lost())}, timeout=min(CUT_LIMIT_S, self._line.waits_s / 2)
            )
        finally:
            await self._background.api(proxy.remove_toxic, CUTS.effective_name())
        if not arrival.link.gone:
            self._locked(partial(arrival.came_through, reason))
            return
        self._locked(partial(cut, CUTS.effective_name()))
        self._locked(lost)

    # The end ----------------------------------------------------------------------------------

    def close(self) -> None:
        super().close()
        self._background.call(self._clean())

    async def _clean(self) -> None:
        self._standing.close_links()
        await self._outbox.end_of_run()


def _matches(pattern: str, type_: str) -> bool:
    """Whether a binding of a topic exchange takes a type, which is one word."""
    return pattern in ("#", "*", type_)
