"""The bus of one run whose messages a broker carries.

Each handler of a choreographed saga has a durable queue of its own, and consumes through a proxy of its own;
any other service declares its queues itself. What a queue is, each broker says: a consumer group is one, too.
Refuses to decide what is delivered, and when (`harness.faults.messages`).
"""

from __future__ import annotations

import asyncio
import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from functools import partial
from itertools import count
from typing import Any, Protocol

import msgspec

from harness.adapter.brokers import BrokerInbox, Queue, Subscribe
from harness.brokers.marks import RUN
from harness.bus import Entry
from harness.bus.participant import delivery_of
from harness.bus.queue import Message
from harness.faults.messages import EVERY_SAGA, Brought, Carrier
from harness.faults.messages.host import Cut, Lost
from harness.participant import Request, Response
from harness.worlds.wire.brokers.carrier import Arrival, BrokerCarrier
from harness.worlds.wire.brokers.outbox import BrokerOutbox
from harness.worlds.wire.brokers.processes import BrokerProcess
from harness.worlds.wire.message_bus import (
    CUTS,
    SUBSCRIPTIONS,
    HandlersSubscribe,
    ProxyLike,
    Subscriber,
    WireBus,
)

CUT_LIMIT_S = 0.5
"""For a toxic to close a connection; it takes a millisecond or two. Half of the bus's patience at most."""

_runs = count(1)


class Standing(Protocol):
    """What stays from run to run (`harness.worlds.wire.brokers.server`)."""

    @property
    def outbox(self) -> BrokerOutbox[Any, Any]: ...

    async def url_of(self, queue: str) -> str:
        """Where the consumer of a queue of ours reaches the broker: a proxy of its own."""

    def proxy_of(self, queue: str) -> ProxyLike:
        """The one that its consumer comes through."""

    def close_links(self) -> None:
        """Nobody of an earlier run is to take what is another's."""


class BrokerBus(WireBus):
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

    # What each broker says --------------------------------------------------------------------

    @abstractmethod
    def _inbox(self, subscribe: Subscribe) -> BrokerInbox:
        """For handlers in this process."""

    @abstractmethod
    async def _declare(self, queue: str, place: str, types: Sequence[str]) -> None:
        """A queue of ours: for events of these types, of the saga at that place."""

    @abstractmethod
    def _parcel(
        self, request: Request, message: Message, queue: str | None, place: str | None, marks: Any
    ) -> Any:
        """What the outbox sends for a message. queue: to that one alone. place: of its saga."""

    # ------------------------------------------------------------------------------------------

    def _make_carrier(self, line: Brought) -> Carrier:
        self._carrier = BrokerCarrier(line, self)
        return self._carrier

    # Subscribers ------------------------------------------------------------------------------

    def inbox(self, saga_id: str, *, resumed: bool) -> BrokerInbox:
        """For handlers in this process."""

        async def subscribe(url: str) -> tuple[Queue, ...]:
            work = self._subscribed(saga_id, url, self._executor_of(saga_id), resumed=resumed)
            return await asyncio.wrap_future(self._background.begin(work))

        return self._inbox(subscribe)

    async def answer(self, endpoint_set: int, request: Request) -> Response:
        """A subscription over HTTP: of handlers alone; all others subscribe at the broker."""
        try:
            told = msgspec.json.decode(request.body, type=HandlersSubscribe)
        except msgspec.DecodeError as error:
            wrong = f"{SUBSCRIPTIONS}: {error}; a broker carries this bus: subscribe there"
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
            await self._declare(queue, place, of_name)
            url = await self._standing.url_of(queue)
            made.append(
                Queue(
                    subscription=name,
                    url=url,
                    name=queue,
                    bus=self.name,
                    types=tuple(of_name),
                    consumer=str(executor),
                )
            )
        with self._lock:
            for one in made:
                self._hosted[one.name] = (saga_id, executor)
                self._queues[saga_id, one.subscription] = one.name
            if self._open:
                self._begin_handlers(saga_id, url_of_inbox, executor, resumed=resumed)
        return tuple(made)

    def bound(self, queue: str, types: Sequence[str]) -> None:
        """A service has a queue that gets events of these types from now on."""
        self._locked(partial(self._line.subscribe, types, queue))

    def consumes(self, queue: str) -> None:
        """A service takes the messages of a queue: it belongs to no saga."""
        if queue not in self._hosted and queue not in self._consuming:
            self._consuming.add(queue)
            host = Subscriber(self, 0, EVERY_SAGA, "", {queue})
            self._locked(partial(self._line.begin, host, None, {}))

    def hosts(self, queue: str) -> tuple[str, int]:
        """Whose queue it is: a saga, and the executor that has it; of a service: every saga's, and 0."""
        return self._hosted.get(queue, (EVERY_SAGA, 0))

    def declared(self, queue: str) -> None:
        """A service has a queue: it goes with the run."""
        self._outbox.goes_with_the_run(queue)

    # What the broker brings -------------------------------------------------------------------

    def brought(self, arrival: Arrival, run: object, message: int, copy: int | None) -> None:
        """A message, at the link of whoever consumes it."""
        if run != self.run:
            arrival.acknowledge()  # of an earlier run, in a queue that outlived it
            return
        self._locked(partial(self._carrier.arrived, arrival, message, copy))

    def queue_of(self, entry: Entry) -> str:
        return self._queues.get((entry.message.saga_id, entry.subscription), entry.subscription)

    def locked(self, callback: Callable[[], object]) -> None:
        self._locked(callback)

    # What is sent to it -----------------------------------------------------------------------

    def send(self, message: Message, queue: str | None, marks: dict[str, str | int]) -> None:
        request = delivery_of(message.event, message.carried)
        place = self._places.get(message.saga_id)
        parcel = self._parcel(request, message, queue, place, {**marks, RUN: self.run})
        sent = self._background.begin(self._send(message, parcel))
        self._confirms.setdefault(message.call, []).append(sent)

    async def _send(self, message: Message, parcel: Any) -> None:
        with suppress(asyncio.CancelledError):  # the run ended before
            self._sent(message, await self._outbox.send(parcel))

    def _sent(self, message: Message, told: Any) -> None:
        """The broker has it. told: what it calls it, where it does."""

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
            arrival.pulse()
            gone = await arrival.left(min(CUT_LIMIT_S, self._line.waits_s / 2))
        finally:
            await self._background.api(proxy.remove_toxic, CUTS.effective_name())
        if not gone:
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
