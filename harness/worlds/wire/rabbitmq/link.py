"""One AMQP connection of a client, handed on to the broker frame by frame.

Owns what the frames of both sides mean. Publishes are taken out and given to whoever answers requests;
deliveries, to whoever decides when they are handed on; acknowledgements are heard, and sent on only for
those. All else goes through untouched. Refuses to know faults.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from typing import Any, Protocol, cast

from harness.participant import Request, Response
from harness.rabbitmq.address import AmqpAddress
from harness.rabbitmq.events import headers_of
from harness.rabbitmq.frames import (
    BODY,
    GREETING,
    HEADER,
    METHOD,
    PULSE,
    Content,
    FrameReader,
    NotAmqp,
    RawFrame,
    method_bytes,
    method_of,
)
from harness.worlds.wire.brokers.link import ClientLink, Station
from harness.worlds.wire.http import TAG_HEADER, Closable

CHANNEL_CLOSE, CONFIRM_SELECT = (20, 40), (85, 10)
QUEUE_DECLARE_OK, QUEUE_BIND, QUEUE_BIND_OK = (50, 11), (50, 20), (50, 21)
CONSUME, CONSUME_OK, CANCEL = (60, 20), (60, 21), (60, 30)
PUBLISH, DELIVER = (60, 40), (60, 60)
ACK, REJECT, NACK = (60, 80), (60, 90), (60, 120)
EVENTS = "/events"


class Handed(Protocol):
    """A delivery, from the broker to its end."""

    def answered(self, reason: str | None, *, requeue: bool = True) -> None:
        """The client acknowledged it; with a reason: it did not take it."""

    def lost(self) -> None:
        """Its connection is over."""


class AmqpStation(Station, Protocol):
    """Who takes what a link takes out. exchange: the one to which events are published."""

    @property
    def exchange(self) -> str: ...

    def request(self, caller: PublishReply, request: Request, tag: str | None, /) -> None:
        """A publish."""

    def delivery(self, link: AmqpLink, channel: int, queue: str, content: Content, /) -> None:
        """The broker delivers a message of a queue."""

    def bound(self, queue: str, exchange: str, routing_key: str, /) -> None:
        """A client bound a queue."""

    def consumes(self, link: AmqpLink, queue: str, /) -> None:
        """A client takes the messages of a queue."""

    def declared(self, queue: str, /) -> None:
        """A queue that a client wanted is there."""


class AmqpLink(ClientLink):
    """The side of the client."""

    def __init__(
        self, station: AmqpStation, broker: AmqpAddress, links: set[Closable], *, shared: bool
    ) -> None:
        super().__init__(station, links, shared=shared)
        self._station = station
        self._address = broker
        self._early: list[bytes] = []
        self._greeted = b""
        self._frames = FrameReader()
        self._publishes: dict[int, Content] = {}
        self._deliveries: dict[int, Content] = {}
        self._confirming: dict[int, int] = {}
        self._asked: dict[int, deque[tuple[str, bool]]] = defaultdict(deque)
        self._binding: dict[int, deque[tuple[str, str, str]]] = defaultdict(deque)
        self._queues: dict[tuple[int, str], tuple[str, bool]] = {}
        self._handed: dict[tuple[int, int], Handed] = {}
        self._owed: set[PublishReply] = set()

    # The client's side ------------------------------------------------------------------------

    def _begin(self) -> None:
        self._spawn(self._connect())

    def data_received(self, data: bytes) -> None:
        if len(self._greeted) < len(GREETING):
            more = len(GREETING) - len(self._greeted)
            self._greeted += data[:more]
            self._to_broker(data[:more])
            data = data[more:]
        try:
            for frame in self._frames.feed(data):
                self._from_client(frame)
        except NotAmqp:
            self.close()

    def _ended(self) -> None:
        """The broker requeues what was not acknowledged."""
        handed, self._handed = self._handed, {}
        for one in handed.values():
            one.lost()

    async def _connect(self) -> None:
        await self._station.until_up()
        try:
            await self._loop.create_connection(
                lambda: _BrokerSide(self), self._address.host, self._address.port
            )
        except OSError:
            self.close()

    # What a server does with it --------------------------------------------------------------

    def paid(self, reply: PublishReply) -> None:
        """A publish was answered."""
        self._owed.discard(reply)

    def pulse(self) -> None:
        """A byte for a toxic to strike at."""
        self.write(PULSE)

    def hand_over(self, channel: int, tag: int, handed: Handed, data: bytes, *, no_ack: bool = False) -> None:
        """A delivery goes to the client."""
        if not no_ack:
            self._handed[channel, tag] = handed
        self.hand_on(data)
        if no_ack:
            self._loop.call_soon(handed.answered, None)

    def consumer(self, channel: int, content: Content) -> tuple[str, bool]:
        """The queue that a delivery comes from, and whether its consumer acknowledges nothing."""
        tag = method_of(content.method).consumer_tag or ""
        return self._queues.get((channel, tag), ("", False))

    def tell_broker(self, method: Any, channel: int) -> None:
        """Send a method in the client's place."""
        self._to_broker(method_bytes(method, channel))

    def _to_broker(self, data: bytes) -> None:
        if self._broker is None:
            self._early.append(data)
        else:
            self._broker.write(data)

    # From the client --------------------------------------------------------------------------

    def _from_client(self, frame: RawFrame) -> None:
        content = self._publishes.get(frame.channel)
        if content is not None and frame.type in (HEADER, BODY):
            if content.add(frame):
                del self._publishes[frame.channel]
                self._published(frame.channel, content)
        elif frame.type == METHOD and frame.ids == PUBLISH:
            self._publishes[frame.channel] = Content(frame)
        elif frame.type == METHOD and frame.ids in (ACK, NACK, REJECT):
            self._answered(frame)
        else:
            if frame.type == METHOD:
                self._noted(frame)
            self._to_broker(frame.raw)

    def _published(self, channel: int, content: Content) -> None:
        number = self._confirming.get(channel, 0)
        if number:
            self._confirming[channel] = number + 1
        method = method_of(content.method)
        if method.exchange != self._station.exchange:
            self._refuse(channel, method.exchange or "")
            return
        headers = headers_of(content.properties, method.routing_key or "")
        tag = headers.pop(TAG_HEADER, None)
        request = Request(method="POST", path=EVENTS, query={}, headers=headers, body=content.body)
        reply = PublishReply(self, channel, number)
        self._owed.add(reply)
        self._station.request(reply, request, tag)

    def _refuse(self, channel: int, exchange: str) -> None:
        from pamqp.commands import Channel  # noqa: PLC0415 - an extra

        why = f"saga-chaos sees events that are published to exchange {self._station.exchange!r}"
        closes = Channel.Close(
            reply_code=403, reply_text=f"{why}, not to {exchange!r}", class_id=60, method_id=40
        )
        self.hand_on(method_bytes(closes, channel))

    def _answered(self, frame: RawFrame) -> None:
        method = method_of(frame)
        last, multiple = int(method.delivery_tag or 0), bool(getattr(method, "multiple", False))
        named = [
            one
            for one in self._handed
            if one[0] == frame.channel and (one[1] == last or (multiple and (not last or one[1] <= last)))
        ]
        reason = None if frame.ids == ACK else "the subscriber refused it"
        for one in named:
            self._handed.pop(one).answered(reason, requeue=bool(getattr(method, "requeue", True)))

    def _noted(self, frame: RawFrame) -> None:
        ids = frame.ids
        if ids == CONFIRM_SELECT:
            self._confirming.setdefault(frame.channel, 1)
        elif ids == CONSUME:
            method = method_of(frame)
            self._asked[frame.channel].append((method.queue, bool(method.no_ack)))
            if method.consumer_tag:
                self._queues[frame.channel, method.consumer_tag] = (method.queue, bool(method.no_ack))
            self._station.consumes(self, method.queue)
        elif ids == QUEUE_BIND:
            method = method_of(frame)
            self._binding[frame.channel].append((method.queue, method.exchange, method.routing_key or ""))
            if method.nowait:
                self._station.bound(*self._binding[frame.channel].popleft())
        elif ids == CHANNEL_CLOSE:
            for one in [one for one in self._handed if one[0] == frame.channel]:
                self._handed.pop(one).lost()

    # From the broker --------------------------------------------------------------------------

    def broker_is_there(self, transport: asyncio.Transport) -> None:
        """Send on what the client said meanwhile."""
        self._broker = transport
        early, self._early = self._early, []
        transport.write(b"".join(early))
        if self.gone:
            transport.abort()

    def from_broker(self, frame: RawFrame) -> None:
        """Hand it on, or out."""
        content = self._deliveries.get(frame.channel)
        if content is not None and frame.type in (HEADER, BODY):
            if content.add(frame):
                del self._deliveries[frame.channel]
                queue, _ = self.consumer(frame.channel, content)
                self._station.delivery(self, frame.channel, queue, content)
        elif frame.type == METHOD and frame.ids == DELIVER:
            self._deliveries[frame.channel] = Content(frame)
        else:
            if frame.type == METHOD and frame.ids == CONSUME_OK and self._asked[frame.channel]:
                self._queues[frame.channel, method_of(frame).consumer_tag] = self._asked[
                    frame.channel
                ].popleft()
            elif frame.type == METHOD and frame.ids == QUEUE_BIND_OK and self._binding[frame.channel]:
                self._station.bound(*self._binding[frame.channel].popleft())
            elif frame.type == METHOD and frame.ids == QUEUE_DECLARE_OK:
                self._station.declared(method_of(frame).queue)
            self.hand_on(frame.raw)

    def broker_is_gone(self) -> None:
        """It died, or closed the connection: so do we, unless an answer is owed: its toxic does."""
        self._broker = None
        if not self._owed:
            self.close()


class _BrokerSide(asyncio.Protocol):
    """Our connection to the broker, for one client."""

    def __init__(self, link: AmqpLink) -> None:
        self._link = link
        self._frames = FrameReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._link.broker_is_there(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            self._link.from_broker(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._link.broker_is_gone()


class PublishReply:
    """Where the answer to a publish goes: a confirm, or a negative one. number: 0 where none is wanted."""

    ends = False

    def __init__(self, link: AmqpLink, channel: int, number: int) -> None:
        self._link = link
        self._channel = channel
        self._number = number

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self._link.gone

    def has_left(self) -> bool:
        """The same: the link has read what it was sent."""
        return self.gone

    def encode(self, response: Response, *, until_close: bool = False) -> bytes:
        """The frame that says so; nothing where the client asked for no confirms."""
        del until_close
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        if not self._number:
            return b""
        taken = 200 <= response.status < 300
        answer = Basic.Ack if taken else Basic.Nack
        return method_bytes(answer(delivery_tag=self._number), self._channel)

    def write(self, data: bytes) -> None:
        """Send bytes, unless the client has left."""
        self._link.paid(self)
        self._link.write(data)

    def close(self) -> None:
        """End the connection."""
        self._link.close()

    def lost(self) -> asyncio.Future[None]:
        """Done once the client has left."""
        return self._link.lost()
