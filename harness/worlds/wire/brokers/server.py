"""The server of a bus that a broker carries: it speaks HTTP and the broker's protocol at one address.

Owns how the two are told apart, behind one proxy, and a second address for the consumers' own proxies.
Refuses to know either protocol.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from harness.brokers.address import BrokerAddress
from harness.participant import Request
from harness.toxiproxy.errors import ProxyDied
from harness.worlds.wire.background import Background
from harness.worlds.wire.brokers.bus import BrokerBus
from harness.worlds.wire.brokers.outbox import BrokerOutbox
from harness.worlds.wire.brokers.processes import BrokerProcess
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.http import Caller, Closable, Connection
from harness.worlds.wire.message_bus import WireBus
from harness.worlds.wire.participant_proxy import ProxyLike
from harness.worlds.wire.participant_server import ParticipantServer
from harness.worlds.wire.traffic import Traffic


class Link(Closable, Protocol):
    """A client's connection, handed on to the broker. shared: it came through the proxy of the publishes."""

    shared: bool


class Sniffer(asyncio.Protocol):
    """A connection of which it is not known yet what it speaks: HTTP, or what begins with `greeting`."""

    def __init__(
        self,
        greeting: bytes,
        http: Callable[[], asyncio.Protocol],
        broker: Callable[[], asyncio.Protocol],
    ) -> None:
        self._greeting = greeting
        self._http = http
        self._broker = broker
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        chosen = self._broker() if self._greeting.startswith(data[: len(self._greeting)]) else self._http()
        self._transport.set_protocol(chosen)
        chosen.connection_made(self._transport)
        chosen.data_received(data)


class BrokerBusServer(ParticipantServer):
    """broker: where it is. process: of the one that was started here, which can be killed."""

    greeting = b""
    """How every client of the broker begins."""

    def __init__(
        self,
        name: str,
        background: Background,
        endpoint_set: int,
        broker: BrokerAddress,
        process: BrokerProcess | None,
        make_proxy: Callable[[str, str, str], ProxyLike],
    ) -> None:
        super().__init__(name, background, endpoint_set)
        self.upstream = ""
        self._broker = broker
        self._process = process
        self._make_proxy = make_proxy
        self._proxies: dict[str, ProxyLike] = {}
        self._consumers: asyncio.Server | None = None

    # What each broker says --------------------------------------------------------------------

    @property
    @abstractmethod
    def outbox(self) -> BrokerOutbox[Any, Any]:
        """Our own connection to the broker."""

    @abstractmethod
    def _link(self, *, shared: bool) -> asyncio.Protocol:
        """A client's connection: a `Link`."""

    @abstractmethod
    def bus(self, **rest: Any) -> BrokerBus:
        """Of a run that begins."""

    # ------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """For a client of the broker."""
        host, _, port = self.proxy.listen.rpartition(":")
        return str(self._broker.at(host, int(port)))

    async def listen(self) -> int:
        """Start both servers; the port of the one that everybody reaches."""
        loop = asyncio.get_running_loop()
        self._consumers = await loop.create_server(partial(self._link, shared=False), "127.0.0.1", 0)
        self.upstream = f"127.0.0.1:{self._consumers.sockets[0].getsockname()[1]}"
        return await super().listen()

    async def close(self) -> None:
        """Both, and what was made for their runs."""
        if self._consumers is not None:
            self._consumers.close()
        await self.outbox.close()
        with suppress(ProxyDied):  # then its proxies are gone already
            for proxy in self._proxies.values():
                await self._background.api(proxy.destroy)
        await super().close()

    def _accepted(self) -> asyncio.Protocol:
        return Sniffer(
            self.greeting,
            lambda: Connection(self._on_request, self.connections),
            partial(self._link, shared=True),
        )

    def _subscribe(self, connection: Caller, bus: WireBus, request: Request) -> None:
        self._background.spawn(self._subscribed(connection, bus, request))

    async def _subscribed(self, connection: Caller, bus: WireBus, request: Request) -> None:
        assert isinstance(bus, BrokerBus)
        with self._failing_loudly():
            connection.write(connection.encode(await bus.answer(self.endpoint_set, request)))

    # The broker dies --------------------------------------------------------------------------

    async def until_up(self) -> None:
        """At once, unless it was killed and is not there again."""
        if self._process is not None:
            await self._process.up.wait()

    async def _serve_with_care(self, traffic: Traffic, connection: Caller, call: WireCall) -> None:
        await super()._serve_with_care(traffic, connection, call)
        if call.in_flight.course.dies:
            with self._failing_loudly():
                await self.go_away()
                await self.be_back()

    async def _up_again(self, traffic: Traffic, call: WireCall) -> bool:
        del traffic, call
        await self.until_up()
        return self._process is not None

    async def _listen_again(self) -> None:
        """Nobody reaches a broker that is not there."""
        await self.until_up()
        await super()._listen_again()

    # What stays from run to run -----------------------------------------------------------------

    async def url_of(self, queue: str) -> str:
        proxy = self._proxies.get(queue)
        if proxy is None:
            port = self.upstream.rpartition(":")[2]  # buses of one name may be on several brokers
            name = f"{queue}-{self.endpoint_set}-{port}"
            proxy = await self._background.api(self._make_proxy, name, self.upstream, "127.0.0.1:0")
            self._proxies[queue] = proxy
        host, _, port = proxy.listen.rpartition(":")
        return str(self._broker.at(host, int(port)))

    def proxy_of(self, queue: str) -> ProxyLike:
        return self._proxies.get(queue, self.proxy)

    def close_links(self) -> None:
        for one in [one for one in self.connections if not isinstance(one, Connection)]:
            one.close()

    # What a link asks -------------------------------------------------------------------------

    def request(self, caller: Caller, request: Request, tag: str | None) -> None:
        """A publish."""
        self._on_request(caller, request, tag)

    def in_the_way(self, link: Link) -> bool:
        """Whether a toxic is armed that is not for this link."""
        return link.shared and self._armed_toxic is not None and self._armed_toxic.armed.is_set()

    async def may_write(self, link: Link) -> None:
        """Returns once nothing is armed that is not for this link."""
        while self.in_the_way(link) and self._armed_toxic is not None:
            await self._armed_toxic.gone.wait()

    @property
    def _bus_of_run(self) -> WireBus | None:
        """That of the run that is on, where this server is its."""
        bus = None if self._traffic is None else self._traffic.bus
        return bus if bus is not None and bus.name == self.name else None
