"""A small AMQP 0-9-1 client: one connection with one channel, that says exactly how it ended.

Owns the handshake, publishing with confirms, and consuming. A library's client would connect again by itself,
and would not tell a reset from a close; the harness has to see both. Refuses to retry.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from harness.brokers.errors import BrokerClosed, BrokerRefused
from harness.rabbitmq.address import AmqpAddress
from harness.rabbitmq.frames import (
    FRAME_MAX,
    GREETING,
    HEARTBEAT,
    METHOD,
    PULSE,
    Content,
    FrameReader,
    NotAmqp,
    RawFrame,
    content_bytes,
    method_bytes,
    method_of,
)

if TYPE_CHECKING:
    from pamqp.base import Frame as Method
    from pamqp.commands import Basic

CHANNEL = 1
CHUNK = 65_536
CAPABILITIES = {"consumer_cancel_notify": True, "authentication_failure_close": True}
"""That a queue went, and that a password is wrong, is said, and not only shown by a close."""

OnDelivery = Callable[["AmqpClient", "Delivered"], object]


class Delivered:
    """A message that the broker handed over. tag: to acknowledge it by."""

    __slots__ = ("_content", "method")

    def __init__(self, content: Content) -> None:
        self._content = content
        self.method = method_of(content.method)

    @property
    def tag(self) -> int:
        return int(self.method.delivery_tag)

    @property
    def properties(self) -> Basic.Properties:
        return self._content.properties

    @property
    def body(self) -> bytes:
        return self._content.body


class AmqpClient:
    """On one event loop. Every method raises BrokerClosed once the connection is over."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = FrameReader()
        self._answers: deque[asyncio.Future[Any]] = deque()
        self._confirms: dict[int, asyncio.Future[None]] = {}
        self._published = 0
        self._content: Content | None = None
        self._on_delivery: OnDelivery | None = None
        self._over: BrokerClosed | None = None
        self._listening: asyncio.Task[None] | None = None
        self.on_closed: Callable[[], object] | None = None

    @classmethod
    async def open(cls, address: AmqpAddress, *, limit_s: float, confirms: bool = False) -> Self:
        """Connect and open a channel. Raises OSError where nobody listens, TimeoutError, BrokerClosed.

        confirms: the broker says of each message whether it has it; without, nothing can be published.
        """
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_connection(address.host, address.port)
            client = cls(reader, writer)
            try:
                await client._shake_hands(address, confirms=confirms)
            except BaseException:
                client.abort()
                raise
        return client

    @property
    def over(self) -> BrokerClosed | None:
        """Why the connection is over; None while it is not."""
        return self._over

    # Asking -----------------------------------------------------------------------------------

    async def ask(self, method: Method) -> Any:
        """Send a method and wait for the broker's answer to it."""
        answer = self._expect()
        self._send(method_bytes(method, CHANNEL))
        return await answer

    async def publish(
        self, exchange: str, routing_key: str, properties: Basic.Properties, body: bytes
    ) -> None:
        """Send a message and wait until the broker has it. Raises BrokerRefused where it says no."""
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        self._published += 1
        confirmed = self._confirms[self._published] = asyncio.get_running_loop().create_future()
        method = Basic.Publish(exchange=exchange, routing_key=routing_key)
        self._send(content_bytes(method, CHANNEL, properties, body))
        await confirmed

    async def consume(self, queue: str, on_delivery: OnDelivery) -> None:
        """Take the messages of a queue from now on."""
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        self._on_delivery = on_delivery
        await self.ask(Basic.Consume(queue=queue))

    def acknowledge(self, tag: int) -> None:
        """A message was handled."""
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        self._send(method_bytes(Basic.Ack(delivery_tag=tag), CHANNEL))

    def refuse(self, tag: int) -> None:
        """A message was not taken: it is to come again."""
        from pamqp.commands import Basic  # noqa: PLC0415 - an extra

        self._send(method_bytes(Basic.Nack(delivery_tag=tag, requeue=True), CHANNEL))

    async def close(self) -> None:
        """Say goodbye and wait for the answer, unless it is over."""
        from pamqp.commands import Connection  # noqa: PLC0415 - an extra

        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(1.0):
                answer = self._expect()
                self._send(method_bytes(Connection.Close(reply_code=200, class_id=0, method_id=0), 0))
                await answer
        self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        self._end(BrokerClosed("closed by us"))
        if self._listening is not None:
            self._listening.cancel()

    # The connection ---------------------------------------------------------------------------

    async def _shake_hands(self, address: AmqpAddress, *, confirms: bool) -> None:
        from pamqp.commands import Channel, Confirm, Connection  # noqa: PLC0415 - an extra

        said = (
            Connection.StartOk(
                {"product": "saga-chaos", "capabilities": CAPABILITIES},
                "PLAIN",
                f"\0{address.user}\0{address.password}",
            ),
            Connection.TuneOk(channel_max=8, frame_max=FRAME_MAX, heartbeat=0),
            Connection.Open(virtual_host=address.vhost),
        )
        # All at once: what the broker answers to each is known beforehand, and each round trip takes time.
        answers = [self._expect() for _ in range(5 if confirms else 4)]
        self._writer.write(GREETING + b"".join(method_bytes(one, 0) for one in said))
        self._writer.write(method_bytes(Channel.Open(), CHANNEL))
        if confirms:
            self._writer.write(method_bytes(Confirm.Select(), CHANNEL))
        self._listening = asyncio.create_task(self._listen())
        for one in answers:
            await one

    def _expect(self) -> asyncio.Future[Any]:
        if self._over is not None:
            raise self._over
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        return answer

    def _send(self, data: bytes) -> None:
        if self._over is not None:
            raise self._over
        self._writer.write(data)

    async def _listen(self) -> None:
        try:
            while data := await self._reader.read(CHUNK):
                for frame in self._frames.feed(data):
                    self._take(frame)
            self._end(BrokerClosed("the connection was closed"))
        except (OSError, NotAmqp) as error:
            reset = isinstance(error, ConnectionResetError)
            self._end(BrokerClosed(f"the connection was lost: {error}", reset=reset))

    def _take(self, frame: RawFrame) -> None:
        if frame.type == HEARTBEAT:
            self._writer.write(PULSE)
        elif frame.type != METHOD:
            self._take_content(frame)
        else:
            self._take_method(frame)

    def _take_content(self, frame: RawFrame) -> None:
        assert self._content is not None
        if self._content.add(frame):
            content, self._content = self._content, None
            assert self._on_delivery is not None
            self._on_delivery(self, Delivered(content))

    def _take_method(self, frame: RawFrame) -> None:
        from pamqp.commands import Basic, Channel, Connection  # noqa: PLC0415 - an extra

        method = method_of(frame)
        if isinstance(method, Basic.Deliver | Basic.Return):
            self._content = Content(frame)
        elif isinstance(method, Basic.Ack | Basic.Nack):
            self._confirmed(method.delivery_tag or 0, method.multiple, isinstance(method, Basic.Ack))
        elif isinstance(method, Connection.Close | Channel.Close):
            why = f"the broker closed it: {method.reply_code} {method.reply_text}"
            self._end(BrokerClosed(why, code=int(method.reply_code)))
        elif isinstance(method, Basic.Cancel):
            self._end(BrokerClosed("the broker cancelled the consumer: its queue is gone"))
        elif self._answers:
            answer = self._answers.popleft()
            if not answer.done():
                answer.set_result(method)

    def _confirmed(self, tag: int, multiple: bool, taken: bool) -> None:
        for one in [one for one in self._confirms if one == tag or (multiple and one <= tag)]:
            waiting = self._confirms.pop(one)
            if waiting.done():
                continue
            if taken:
                waiting.set_result(None)
            else:
                waiting.set_exception(BrokerRefused("the broker did not take the message"))

    def _end(self, why: BrokerClosed) -> None:
        if self._over is not None:
            return
        self._over = why
        for waiting in (*self._answers, *self._confirms.values()):
            if not waiting.done():
                waiting.set_exception(why)
                waiting.exception()  # looked at: it may be that nobody waits any more
        self._writer.close()
        if self.on_closed is not None:
            self.on_closed()
