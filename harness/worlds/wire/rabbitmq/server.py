"""The server of a bus that RabbitMQ carries: it speaks HTTP and AMQP at one address, behind one proxy.

Owns how the two are told apart, and a second address for the consumers' own proxies. Refuses to know frames.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from harness.participant import Request
from harness.rabbitmq.address import BrokerAddress
from harness.rabbitmq.frames import Content
from harness.toxiproxy.errors import ProxyDied
from harness.worlds.wire.background import Background
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.http import Caller, Connection
from harness.worlds.wire.message_bus import WireBus
from harness.worlds.wire.participant_proxy import ProxyLike
from harness.worlds.wire.participant_server import ParticipantServer
from harness.worlds.wire.rabbitmq.brokers import BrokerProcess
from harness.worlds.wire.rabbitmq.bus import RabbitBus
from harness.worlds.wire.rabbitmq.link import AmqpLink, PublishReply, Sniffer
from harness.worlds.wire.rabbitmq.outbox import Outbox
from harness.worlds.wire.traffic import Traffic


class RabbitServer(ParticipantServer):
    """broker: where it is. process: of the one that was started here, which can be killed."""

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

    @property
    def url(self) -> str:
        """For a client of the broker."""
        host, _, port = self.proxy.listen.rpartition(":")
        return str(self._broker.at(host, int(port)))

    async def listen(self) -> int:
        """Start both servers; the port of the one that everybody reaches."""
        self.outbox = Outbox(self._broker, self.name)
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
            lambda: Connection(self._on_request, self.connections), partial(self._link, shared=True)
        )

    def _link(self, *, shared: bool) -> AmqpLink:
        return AmqpLink(self, self._broker, self.connections, shared=shared)

    def _subscribe(self, connection: Caller, bus: WireBus, request: Request) -> None:
        self._background.spawn(self._subscribed(connection, bus, request))

    async def _subscribed(self, connection: Caller, bus: WireBus, request: Request) -> None:
        assert isinstance(bus, RabbitBus)
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

    def bus(self, **rest: Any) -> RabbitBus:
        """Of a run that begins."""
        return RabbitBus(
            standing=self,
            failing=self._failing_loudly,
            process=self._process,
            **rest,
        )

    # What stays from run to run -----------------------------------------------------------------

    async def url_of(self, queue: str) -> str:
        proxy = self._proxies.get(queue)
        if proxy is None:
            name = f"{queue}-{self.endpoint_set}"
            proxy = await self._background.api(self._make_proxy, name, self.upstream, "127.0.0.1:0")
            self._proxies[queue] = proxy
        host, _, port = proxy.listen.rpartition(":")
        return str(self._broker.at(host, int(port)))

    def proxy_of(self, queue: str) -> ProxyLike:
        return self._proxies.get(queue, self.proxy)

    def close_links(self) -> None:
        for one in [one for one in self.connections if isinstance(one, AmqpLink)]:
            one.close()

    # What a link takes out --------------------------------------------------------------------

    @property
    def exchange(self) -> str:
        """The one to which events are published."""
        return self.name

    def request(self, caller: PublishReply, request: Request, tag: str | None) -> None:
        self._on_request(caller, request, tag)

    def delivery(self, link: AmqpLink, channel: int, queue: str, content: Content) -> None:
        if (bus := self._bus) is not None:
            bus.delivery(link, channel, queue, content)

    def bound(self, queue: str, exchange: str, routing_key: str) -> None:
        if (bus := self._bus) is not None:
            bus.bound(queue, exchange, routing_key)

    def consumes(self, link: AmqpLink, queue: str) -> None:
        del link
        if (bus := self._bus) is not None:
            bus.consumes(queue)

    def declared(self, queue: str) -> None:
        if (bus := self._bus) is not None:
            bus.declared(queue)

    def in_the_way(self, link: AmqpLink) -> bool:
        return link.shared and self._armed_toxic is not None and self._armed_toxic.armed.is_set()

    async def may_write(self, link: AmqpLink) -> None:
        while self.in_the_way(link) and self._armed_toxic is not None:
            await self._armed_toxic.gone.wait()

    @property
    def _bus(self) -> RabbitBus | None:
        bus = None if self._traffic is None else self._traffic.bus
        return bus if isinstance(bus, RabbitBus) and bus.name == self.name else None
