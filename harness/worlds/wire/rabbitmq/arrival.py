"""One delivery of RabbitMQ, at the link of whoever consumes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from harness.adapter.inbox import Delivery
from harness.adapter.push import ATTEMPT_HEADER
from harness.brokers.marks import OURS
from harness.faults.answers import GARBAGE
from harness.rabbitmq.frames import Content, content_bytes, method_of
from harness.worlds.wire.brokers.carrier import Arrival, Wire
from harness.worlds.wire.rabbitmq.link import AmqpLink


class AmqpArrival(Arrival):
    """tag: the broker's number of the delivery, on its channel."""

    def __init__(
        self, wire: Wire, link: AmqpLink, channel: int, content: Content, *, executor: int, saga_id: str
    ) -> None:
        method = method_of(content.method)
        queue, self._no_ack = link.consumer(channel, content)
        super().__init__(
            wire, queue=queue, redelivered=bool(method.redelivered), executor=executor, saga_id=saga_id
        )
        self.tag = int(method.delivery_tag or 0)
        self._link = link
        self._channel = channel
        self._content = content

    @property
    def gone(self) -> bool:
        return self._link.gone

    def pulse(self) -> None:
        self._link.pulse()

    async def left(self, limit_s: float) -> bool:
        await asyncio.wait({asyncio.shield(self._link.lost())}, timeout=limit_s)
        return self._link.gone

    def acknowledge(self) -> None:
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        if not (self.gone or self._no_ack):
            self._link.tell_broker(Basic.Ack(delivery_tag=self.tag), self._channel)

    def give_back(self, *, requeue: bool) -> None:
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        if not (self.gone or self._no_ack):
            self._link.tell_broker(Basic.Reject(delivery_tag=self.tag, requeue=requeue), self._channel)

    def _soon(self, callback: Callable[[], object]) -> None:
        self._link.soon(callback)

    def _hand_over(self, delivery: Delivery) -> None:
        frames = self._frames(delivery)
        self._link.hand_over(self._channel, self.tag, self, frames, no_ack=self._no_ack)

    def _frames(self, delivery: Delivery) -> bytes:
        properties = self._content.properties
        headers = {
            name: value
            for name, value in (properties.headers or {}).items()
            if not str(name).startswith(OURS) and name != "CC"
        }
        headers[ATTEMPT_HEADER] = delivery.attempt
        properties.headers = headers
        body = self._content.body
        if delivery.event is None:
            properties.message_type = properties.message_id = None
            properties.headers, body = {}, GARBAGE
        return content_bytes(method_of(self._content.method), self._channel, properties, body)
