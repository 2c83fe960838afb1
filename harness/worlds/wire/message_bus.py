"""The bus on the wire: it pushes each message to its subscribers by HTTP, and takes subscriptions.

A delivery is a POST of a CloudEvent in binary mode; 2xx acknowledges it, any other answer refuses it, and
silence or a broken connection is neither. One that is to be dropped, or whose acknowledgement is to be lost,
goes through a proxy of its own. `POST /subscriptions {"types": [...], "url": "http://..."}` adds a
subscriber. Refuses to decide what is delivered, and when (`harness.faults.messages`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from harness.adapter.handlers import HandlersSaga
from harness.adapter.inbox import Delivery, Ending
from harness.adapter.push import ATTEMPT_HEADER, ENDING_PATH, PushedEnding, PushInbox, post
from harness.bus import Bus
from harness.faults.answers import GARBAGE
from harness.faults.injector import FaultInjector
from harness.faults.messages import EVERY_SAGA, Brought, Carrier, MessageLine, Takes
from harness.faults.messages.carrier import TimedCarrier
from harness.faults.messages.host import Cut, Lost, Silenced, Taken
from harness.participant import Request, Response
from harness.saga import Json
from harness.scenario import Scenario
from harness.toxiproxy.client import Toxic
from harness.worlds.wire.background import Background, BackgroundTimer
from harness.worlds.wire.executor_registry import ExecutorRegistry

SUBSCRIPTIONS = "/subscriptions"
CONTROL_TIMEOUT_S = 2.0
CUTS = Toxic(type="limit_data", stream="downstream", attributes={"bytes": 0})
"""Closes the connection as the first byte of the answer comes: the handler has done with the message."""

SWALLOWS = Toxic(type="timeout", stream="upstream", attributes={"timeout": 0})
"""Takes in what is sent, and hands on nothing: the subscriber gets a connection without a request."""

_numbers = count(1)


class ProxyLike(Protocol):
    """A proxy of one delivery."""

    listen: str

    def add_toxic(self, toxic: Toxic) -> str: ...

    def toxics(self) -> tuple[str, ...]: ...

    def remove_toxic(self, name: str) -> None: ...

    def destroy(self) -> None: ...


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber of its own: `types` are pushed to `url`. name: of the subscription; else it is the url."""

    types: tuple[str, ...]
    url: str
    name: str = ""


class HandlersSubscribe(msgspec.Struct, frozen=True, kw_only=True):
    """The handlers of one saga, in a process of their own. url: of their inbox."""

    handlers_of: str
    url: str
    resumed: bool = False


class WireBus:
    """Of one run. lock: of the run; all that is said to the line is said under it, on the servers' loop.

    confirms: an answer to a publish waits until somebody else has the message (`confirmed`).
    """

    confirms = False

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the run
        self,
        *,
        bus: Bus,
        scenario: Scenario,
        inputs: Mapping[str, Json],
        injector: FaultInjector,
        executors: ExecutorRegistry,
        background: Background,
        lock: threading.RLock,
        make_proxy: Callable[[str, str, str], ProxyLike],
    ) -> None:
        self.name = bus.name
        self._make_proxy = make_proxy
        self._bus = bus
        self._injector = injector
        self._executors = executors
        self._background = background
        self._lock = lock
        self._inputs = inputs
        self._open = True
        saga = scenario.saga
        self._saga = saga if isinstance(saga, HandlersSaga) and saga.bus == bus.name else None
        self._line = MessageLine(
            bus=bus,
            injector=injector,
            timers=self,
            world="wire",
            way_s=0.0,
            subscriptions={} if self._saga is None else self._saga.subscriptions,
            outcome={} if self._saga is None else self._saga.outcome,
            carrier=self._make_carrier,
        )
        background.loop.call_soon_threadsafe(self._locked, self._begin_subscribers)

    def _make_carrier(self, line: Brought) -> Carrier:
        return TimedCarrier(line)

    async def confirmed(self, call: int) -> None:
        """Until what a call published is safe: it is as soon as it was accepted."""

    async def die(self) -> None:
        """It dies for real, and is started again: there is no process here that could."""

    def _begin_subscribers(self) -> None:
        """Those that the scenario names."""
        for one in self._bus.subscribers:
            self._add(one.types, one.url, one.name or one.url)

    def _add(self, types: Sequence[str], url: str, name: str) -> None:
        self._line.subscribe(types, name)
        self._line.begin(Subscriber(self, 0, EVERY_SAGA, url, {name}), None, {})

    # Subscribers ------------------------------------------------------------------------------

    def inbox(self, saga_id: str, *, resumed: bool) -> PushInbox:
        """For handlers in this process."""

        async def subscribe(url: str) -> None:
            begin = partial(self._begin_handlers, saga_id, url, self._executor_of(saga_id), resumed=resumed)
            self._background.loop.call_soon_threadsafe(self._locked, begin)

        return PushInbox(subscribe)

    def takes(self, request: Request) -> bool:
        """Whether a request is a subscription, and so no call of a saga."""
        return request.method == "POST" and request.path == SUBSCRIPTIONS

    def subscribe(self, endpoint_set: int, request: Request) -> Response:
        """A subscription over HTTP; on the servers' loop."""
        try:
            told = msgspec.json.decode(request.body, type=HandlersSubscribe)
        except msgspec.ValidationError:
            return self._subscribe(request)
        except msgspec.DecodeError as error:
            return Response.of(400, {"error": str(error)})
        with self._lock:
            executor = self._executors.caller_at(endpoint_set)
            self._begin_handlers(told.handlers_of, told.url, executor, resumed=told.resumed)
        return Response(status=204)

    def _subscribe(self, request: Request) -> Response:
        try:
            told = msgspec.json.decode(request.body, type=Subscription)
        except msgspec.DecodeError as error:
            return Response.of(400, {"error": f"{SUBSCRIPTIONS}: {error}"})
        unknown = [one for one in told.types if one not in self._bus.events]
        if unknown or not told.types or not _is_address(told.url):
            wrong = f"url {told.url!r}: no http URL of a host"
            if unknown or not told.types:
                wrong = f"types {unknown or []}: none of its events"
            return Response.of(400, {"error": f"{SUBSCRIPTIONS}, {wrong}"})
        name = told.name or told.url
        with self._lock:
            self._add(told.types, told.url, name)
        return Response.of(201, {"name": name})

    def _begin_handlers(self, saga_id: str, url: str, executor: int, *, resumed: bool) -> None:
        saga = self._saga
        if saga is None or saga_id not in self._inputs:
            return
        names = {name for several in saga.subscriptions.values() for name in several}
        event, headers = saga.start_event(saga_id, self._inputs[saga_id])
        host = Subscriber(self, executor, saga_id, url, names, ends=True)
        self._line.begin(host, None if resumed else event, headers)

    def _executor_of(self, saga_id: str) -> int:
        return self._executors.latest or self._injector.saga_number(saga_id) or 0

    # A run ------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Every fault has healed; on the servers' loop, under the lock."""
        self._line.settle()

    def close(self) -> None:
        """The run is over: nothing is delivered any more."""
        with self._lock:
            self._open = False

    # Timers of the line -----------------------------------------------------------------------

    def call_later(self, delay_s: float, callback: Callable[[], object], /) -> BackgroundTimer:
        """On the servers' loop, under the lock, unless the run is over by then; from any thread."""
        return self._background.call_later(delay_s, partial(self._locked, callback))

    def _locked(self, callback: Callable[[], object]) -> None:
        with self._lock:
            if self._open:
                callback()

    def push(self, subscriber: Subscriber, delivery: Delivery, lost: Lost, cut: Cut | None) -> None:
        """Send a message to a subscriber, and report what it answers."""
        url = subscriber.url_of(delivery.subscription)
        if cut is None:
            self._background.spawn(self._push_straight(url, delivery, partial(self._gone, subscriber, lost)))
        else:
            self._background.spawn(self._push_and_cut(url, delivery, cut))

    def push_into_silence(
        self, subscriber: Subscriber, delivery: Delivery, lost: Lost, silenced: Silenced
    ) -> None:
        """Send a message that is to reach nobody, and report what came of it."""
        url = subscriber.url_of(delivery.subscription)
        broken = partial(self._gone, subscriber, lost)
        self._background.spawn(self._push_into_silence(url, delivery, broken, silenced))

    async def _push_straight(self, url: str, delivery: Delivery, broken: Callable[[], None]) -> None:
        await self._push(url, delivery, broken)

    async def _push_and_cut(self, url: str, delivery: Delivery, cut: Cut) -> None:
        """The connection is closed as soon as the answer comes."""
        async with self._under(CUTS, url) as (through, _):
            await self._push(through, delivery, partial(cut, CUTS.effective_name()))

    async def _push_into_silence(
        self, url: str, delivery: Delivery, broken: Callable[[], None], silenced: Silenced
    ) -> None:
        async with self._under(SWALLOWS, url) as (through, proxy):
            if await self._push(through, delivery, broken, waits_s=self._line.waits_s):
                return
            there = SWALLOWS.effective_name() in await self._background.api(proxy.toxics)
        self._locked(partial(silenced, SWALLOWS.effective_name() if there else None))

    @asynccontextmanager
    async def _under(self, toxic: Toxic, url: str) -> AsyncIterator[tuple[str, ProxyLike]]:
        """A proxy of one delivery, with a toxic: the URL that leads through it."""
        parts = urlsplit(url)
        name = f"{self.name}-{os.getpid()}-delivery-{next(_numbers)}"
        proxy = await self._background.api(self._make_proxy, name, parts.netloc, "127.0.0.1:0")
        try:
            await self._background.api(proxy.add_toxic, toxic)
            yield url.replace(parts.netloc, proxy.listen, 1), proxy
        finally:
            await self._background.api(proxy.destroy)

    async def _push(
        self, url: str, delivery: Delivery, broken: Callable[[], None], *, waits_s: float | None = None
    ) -> bool:
        """Whether anything came of it until then. broken: the connection was, or there is none."""
        headers, body = delivery.event.binary() if delivery.event is not None else ({}, GARBAGE)
        headers |= {ATTEMPT_HEADER: str(delivery.attempt), "content-type": "application/json"}
        try:
            status, said = await post(url, headers, body, timeout_s=waits_s or 2 * self._line.waits_s)
        except TimeoutError:
            return False  # the bus has stopped waiting
        except (OSError, EOFError):
            self._locked(broken)
            return True
        reason = None if 200 <= status < 300 else f"{status}: {said.decode(errors='replace')}"
        self._locked(partial(delivery.done, reason))
        return True

    def _gone(self, subscriber: Subscriber, lost: Lost) -> None:
        subscriber.gone = True
        lost()

    def tell(self, url: str, told: PushedEnding) -> None:
        """Say to handlers that no message of their saga is under way."""
        self._background.spawn(self._tell(url, told))

    async def _tell(self, url: str, told: PushedEnding) -> None:
        try:
            await post(url + ENDING_PATH, {}, msgspec.json.encode(told), timeout_s=CONTROL_TIMEOUT_S)
        except (OSError, EOFError, TimeoutError):
            return  # it has ended, or died, and whoever comes after it subscribes


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


class Subscriber:
    """Who takes messages by HTTP. ends: handlers, which are told that no message is under way."""

    def __init__(
        self,
        bus: WireBus,
        executor: int,
        saga_id: str,
        url: str,
        names: set[str],
        *,
        ends: bool = False,
    ) -> None:
        self._bus = bus
        self._executor = executor
        self._saga_id = saga_id
        self._url = url
        self._names = names
        self._ends = ends
        self.gone = False

    @property
    def executor(self) -> int:
        return self._executor

    @property
    def saga_id(self) -> str:
        return self._saga_id

    @property
    def takes(self) -> Takes:
        return Takes.NOTHING if self.gone else Takes.NOW

    def url_of(self, subscription: str) -> str:
        """Where its messages go."""
        return f"{self._url}/{subscription}" if self._ends else self._url

    def serves(self, subscription: str) -> bool:
        """Whether the messages of a subscription are for it."""
        return subscription in self._names

    def took(self, delivery: Taken) -> None:
        """Its connection tells when it dies."""

    @property
    def cuts(self) -> bool:
        return True

    def put(self, delivery: Delivery, lost: Lost, cut: Cut | None) -> None:
        self._bus.push(self, delivery, lost, cut)

    def send_into_silence(self, delivery: Delivery, lost: Lost, silenced: Silenced) -> bool:
        self._bus.push_into_silence(self, delivery, lost, silenced)
        return True

    def end(self, ending: Ending, *, last: bool) -> None:
        if self._ends and not self.gone:
            told = PushedEnding(ends=ending.ends, dead=ending.dead, later=ending.later, last=last)
            self._bus.tell(self._url, told)


def bus_of(scenario: Scenario, participants: Sequence[object]) -> Bus | None:
    """The bus that messages of a run go through: that of the handlers, else the first there is."""
    buses = [one for one in participants if isinstance(one, Bus)]
    saga = scenario.saga
    named = saga.bus if isinstance(saga, HandlersSaga) else None
    return next((one for one in buses if named in (None, one.name)), None)
