"""The server of a bus that RabbitMQ carries: what its links take out of AMQP connections."""

from __future__ import annotations

from typing import Any

from harness.rabbitmq.address import AmqpAddress
from harness.rabbitmq.frames import GREETING, Content
from harness.worlds.wire.brokers.server import BrokerBusServer
from harness.worlds.wire.rabbitmq.bus import RabbitBus
from harness.worlds.wire.rabbitmq.link import AmqpLink
from harness.worlds.wire.rabbitmq.outbox import AmqpOutbox


class RabbitServer(BrokerBusServer):
    """Of one bus, from run to run."""

    greeting = GREETING[:4]

    @property
    def outbox(self) -> AmqpOutbox:
        return self._outbox

    async def listen(self) -> int:
        assert isinstance(self._broker, AmqpAddress)
        self._outbox = AmqpOutbox(self._broker, self.name)
        return await super().listen()

    def bus(self, **rest: Any) -> RabbitBus:
        return RabbitBus(standing=self, failing=self._failing_loudly, process=self._process, **rest)

    def _link(self, *, shared: bool) -> AmqpLink:
        assert isinstance(self._broker, AmqpAddress)
        return AmqpLink(self, self._broker, self.connections, shared=shared)

    # What a link takes out --------------------------------------------------------------------

    @property
    def exchange(self) -> str:
        """The one to which events are published."""
        return self.name

    def delivery(self, link: AmqpLink, channel: int, queue: str, content: Content) -> None:
        if (bus := self._bus) is not None:
            bus.delivery(link, channel, queue, content)

    def bound(self, queue: str, exchange: str, routing_key: str) -> None:
        if (bus := self._bus) is not None:
            bus.bound_to(queue, exchange, routing_key)

    def consumes(self, link: AmqpLink, queue: str) -> None:
        del link
        if (bus := self._bus) is not None:
            bus.consumes(queue)

    def declared(self, queue: str) -> None:
        if (bus := self._bus) is not None:
            bus.declared(queue)

    @property
    def _bus(self) -> RabbitBus | None:
        bus = self._bus_of_run
        return bus if isinstance(bus, RabbitBus) else None
