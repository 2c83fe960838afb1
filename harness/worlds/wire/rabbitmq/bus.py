"""What a bus is on RabbitMQ: a topic exchange that is named as it, and a durable queue for each handler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from harness.adapter.amqp import AmqpInbox
from harness.adapter.brokers import Subscribe
from harness.brokers.marks import COPY, MESSAGE, RUN
from harness.bus.queue import Message
from harness.participant import Request
from harness.rabbitmq.events import properties_of
from harness.rabbitmq.frames import Content
from harness.worlds.wire.brokers.bus import BrokerBus
from harness.worlds.wire.rabbitmq.arrival import AmqpArrival
from harness.worlds.wire.rabbitmq.link import AmqpLink
from harness.worlds.wire.rabbitmq.outbox import AmqpOutbox, Parcel


class RabbitBus(BrokerBus):
    """Of one run."""

    def _inbox(self, subscribe: Subscribe) -> AmqpInbox:
        return AmqpInbox(subscribe)

    async def _declare(self, queue: str, place: str, types: Sequence[str]) -> None:
        outbox = self._outbox
        assert isinstance(outbox, AmqpOutbox)
        await outbox.declare(queue, tuple(f"{place}.{type_}" for type_ in types))

    def _parcel(
        self, request: Request, message: Message, queue: str | None, place: str | None, marks: Any
    ) -> Parcel:
        more: dict[str, Any] = dict(marks)
        if queue is None and place is not None:
            more["CC"] = [f"{place}.{message.event.type}"]  # the broker routes by these, too
        properties = properties_of(request.headers, more)
        exchange, key = (self.name, message.event.type) if queue is None else ("", queue)
        return Parcel(exchange=exchange, routing_key=key, properties=properties, body=request.body)

    def bound_to(self, queue: str, exchange: str, routing_key: str) -> None:
        """A service bound its queue to an exchange."""
        if exchange == self.name:
            self.bound(queue, [one for one in self._bus.events if _matches(routing_key, one)])

    def delivery(self, link: AmqpLink, channel: int, queue: str, content: Content) -> None:
        """The broker delivers a message of a queue."""
        headers = content.properties.headers or {}
        saga_id, executor = self.hosts(queue)
        arrival = AmqpArrival(self, link, channel, content, executor=executor, saga_id=saga_id)
        copy = cast("int | None", headers.get(COPY))
        self.brought(arrival, headers.get(RUN), cast("int", headers.get(MESSAGE, 0)), copy)


def _matches(pattern: str, type_: str) -> bool:
    """Whether a binding of a topic exchange takes a type, which is one word."""
    return pattern in ("#", "*", type_)
