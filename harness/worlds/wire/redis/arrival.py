"""One delivery of an entry to a consumer of a group, and those that wait for the consumer to ask for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from harness.adapter.inbox import Delivery
from harness.adapter.push import ATTEMPT_HEADER
from harness.faults.answers import GARBAGE
from harness.participant import Request
from harness.redis.events import DATA, without_marks
from harness.redis.resp import Word
from harness.worlds.wire.brokers.carrier import Arrival, Wire
from harness.worlds.wire.http import Caller


class Side(Protocol):
    """The connection of a client (`harness.worlds.wire.redis.link`). version: of RESP.

    given: what it was given, and has not answered.
    """

    gone: bool
    version: int
    given: dict[RedisArrival, None]

    def write(self, data: bytes) -> None:
        """To the client."""

    def close(self) -> None:
        """End it."""

    def lost(self) -> asyncio.Future[None]:
        """Done once the client has left."""

    def paid(self) -> None:
        """A publish was answered."""

    def publish(self, reply: Caller, request: Request, tag: str | None, /) -> None:
        """An event was added."""

    async def ask(self, words: Sequence[Word], /) -> tuple[bytes, Any]:
        """What the server answers: its bytes, and their value. Raises ConnectionError."""


class Consumer:
    """Of a group. link: the connection by which it asked last.

    fresh, claimed: what it gets when it asks for news, or claims. kept: what is kept from it until it is due.
    """

    __slots__ = ("claimed", "fresh", "group", "kept", "link", "name")

    def __init__(self, group: str, name: str) -> None:
        self.group = group
        self.name = name
        self.link: Side | None = None
        self.fresh: deque[RedisArrival] = deque()
        self.claimed: deque[RedisArrival] = deque()
        self.kept: set[RedisArrival] = set()

    def take(
        self, ready: deque[RedisArrival], streams: Sequence[str], count: int | None
    ) -> list[RedisArrival]:
        """Those of some streams that it gets now."""
        taken = [one for one in ready if one.stream in streams][:count]
        for one in taken:
            ready.remove(one)
        return taken


class Streams(Wire, Protocol):
    """What an arrival asks of the bus (`harness.worlds.wire.redis.bus`)."""

    def command(self, *words: Word) -> asyncio.Future[object]:
        """A command for the broker, now or when it is there again."""

    def claimable(self, arrival: RedisArrival) -> None:
        """It may be claimed from now on."""

    def to_dead_letters(self, arrival: RedisArrival) -> None:
        """Nobody is given it again."""


class RedisArrival(Arrival):
    """entry: its id in the stream. whose: saga and executor. claimed: so it was delivered before."""

    def __init__(  # noqa: PLR0913 - by name, the last three
        self,
        bus: Streams,
        consumer: Consumer,
        stream: str,
        entry: bytes,
        fields: dict[str, str],
        *,
        whose: tuple[str, int],
        claimed: bool,
        no_ack: bool,
    ) -> None:
        saga_id, executor = whose
        super().__init__(bus, queue=consumer.group, redelivered=claimed, executor=executor, saga_id=saga_id)
        self.consumer = consumer
        self.stream = stream
        self.entry = entry
        self.fields = fields
        self.no_ack = no_ack
        self.reader: Side | None = None
        self.answerer: Side | None = None
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._bus = bus
        consumer.kept.add(self)

    @property
    def key(self) -> tuple[str, str, bytes]:
        """Stream, group and entry."""
        return self.stream, self.queue, self.entry

    @property
    def to_be_cut(self) -> bool:
        """Whether its acknowledgement is to be lost."""
        return self._cut is not None

    @property
    def gone(self) -> bool:
        return self.consumer.link is None or self.consumer.link.gone

    @property
    def given(self) -> list[bytes]:
        """Names and values in turn, as its consumer gets them."""
        assert self._delivery is not None
        if self._delivery.event is None:
            return [DATA.encode(), GARBAGE]
        fields = without_marks(self.fields) | {ATTEMPT_HEADER: str(self._delivery.attempt)}
        return [word.encode(errors="surrogateescape") for pair in fields.items() for word in pair]

    def taken_from_reader(self) -> None:
        """It was answered: the end of the connection by which it was read says nothing any more."""
        if self.reader is not None:
            self.reader.given.pop(self, None)

    def acknowledge(self) -> None:
        self.consumer.kept.discard(self)
        if self.no_ack:
            self._settle(1)
            return
        told = self._bus.command("XACK", self.stream, self.queue, self.entry)
        told.add_done_callback(lambda one: self._settle(0 if one.cancelled() else 1))

    def give_back(self, *, requeue: bool) -> None:
        self.consumer.kept.discard(self)
        if requeue:
            self._bus.claimable(self)
        else:
            self._bus.to_dead_letters(self)
        self._settle(0)

    def pulse(self) -> None:
        if self.answerer is not None:
            self.answerer.write(b":1\r\n")  # what Redis would say to its acknowledgement

    async def left(self, limit_s: float) -> bool:
        if self.answerer is None:
            return True
        await asyncio.wait({asyncio.shield(self.answerer.lost())}, timeout=limit_s)
        return self.answerer.gone

    def _soon(self, callback: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_soon(callback)

    def _hand_over(self, delivery: Delivery) -> None:
        del delivery
        self.consumer.kept.discard(self)
        (self.consumer.claimed if self.redelivered else self.consumer.fresh).append(self)

    def _settle(self, number: int) -> None:
        if not self.done.done():
            self.done.set_result(number)
