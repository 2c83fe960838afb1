"""What a bus is on Redis: a stream for each type of event, and a consumer group for each handler.

Every group of a stream gets every entry: what is not for a group of ours is acknowledged in its place. Owns
which entries may be claimed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from harness.adapter.brokers import Subscribe
from harness.adapter.redis import RedisInbox
from harness.brokers.marks import COPY, MESSAGE, QUEUE, RUN
from harness.bus.queue import Message
from harness.faults.messages import EVERY_SAGA
from harness.participant import Request
from harness.redis.events import fields_in, fields_of, stream_of, type_in
from harness.redis.resp import Word
from harness.worlds.wire.brokers.bus import BrokerBus
from harness.worlds.wire.redis.arrival import Consumer, RedisArrival
from harness.worlds.wire.redis.outbox import RedisOutbox, Words


class RedisBus(BrokerBus):
    """Of one run."""

    def __init__(self, **rest: Any) -> None:
        self._consumers: dict[tuple[str, str], Consumer] = {}
        self._claimable: dict[tuple[str, str], dict[bytes, str]] = defaultdict(dict)
        self._seen: set[tuple[str, str, bytes]] = set()
        self._entry_ids: dict[tuple[str, str], bytes] = {}
        self.given: dict[tuple[str, str, bytes], RedisArrival] = {}
        super().__init__(**rest)

    @property
    def _out(self) -> RedisOutbox:
        outbox = self._outbox
        assert isinstance(outbox, RedisOutbox)
        return outbox

    def _inbox(self, subscribe: Subscribe) -> RedisInbox:
        return RedisInbox(subscribe)

    async def _declare(self, queue: str, place: str, types: Sequence[str]) -> None:
        del place  # an entry is for the saga that it names
        for type_ in types:
            await self._out.create(stream_of(self.name, type_), queue)

    # What is added ----------------------------------------------------------------------------

    def _parcel(
        self, request: Request, message: Message, queue: str | None, place: str | None, marks: Any
    ) -> Words:
        del place
        fields: dict[str, Any] = {**fields_of(request.headers, request.body), **marks}
        if queue is not None:
            fields[QUEUE] = queue
        words = (word for pair in fields.items() for word in pair)
        return ("XADD", stream_of(self.name, message.event.type), "*", *words)

    def _sent(self, message: Message, told: Any) -> None:
        self._entry_ids[message.event.type, message.event.id] = told

    def entry_id(self, type_: str, event_id: str) -> bytes:
        """What Redis called the entry of an event that was published."""
        return self._entry_ids.get((type_, event_id), b"0-0")

    def command(self, *words: Word) -> asyncio.Future[object]:
        return self._out.send(words)

    # What the broker brings -------------------------------------------------------------------

    def consumer(self, group: str, name: str) -> Consumer:
        """The one of that name."""
        self.consumes(group)
        return self._consumers.setdefault((group, name), Consumer(group, name))

    def follows(self, stream: str) -> bool:
        """Whether its entries are events of this bus."""
        return type_in(self.name, stream) is not None

    def created(self, stream: str, group: str, *, anew: bool) -> None:
        """A service has a group. anew: since this run."""
        type_ = type_in(self.name, stream)
        if type_ is None:
            return
        if anew:
            self._out.created(stream, group)
        if type_ in self._bus.events:
            self.bound(group, [type_])

    def delivery(
        self, consumer: Consumer, stream: str, entry: Any, *, claimed: bool = False, no_ack: bool = False
    ) -> None:
        """Redis gave an entry to a consumer: its id, names and values in turn."""
        name, words = entry
        whose = self.hosts(consumer.group)
        fields = fields_in(words)
        arrival = RedisArrival(
            self,
            consumer,
            stream,
            name,
            fields,
            whose=whose,
            claimed=claimed,
            no_ack=no_ack,
        )
        self._seen.add(arrival.key)
        message, only = int(fields.get(MESSAGE, "0")), fields.get(QUEUE, consumer.group)
        if fields.get(RUN) == self.run and (only != consumer.group or not self._for(whose[0], message)):
            arrival.acknowledge()
            return
        copy = int(fields[COPY]) if COPY in fields else None
        self.brought(arrival, fields.get(RUN), message, copy)

    def _for(self, saga_id: str, message: int) -> bool:
        return saga_id == EVERY_SAGA or self._carrier.saga_of(message) == saga_id

    # What is claimed --------------------------------------------------------------------------

    def claimable(self, arrival: RedisArrival) -> None:
        self._claimable[arrival.stream, arrival.queue][arrival.entry] = arrival.consumer.name

    def to_be_claimed(self, stream: str, group: str, *, of: str | None = None) -> list[bytes]:
        """The entries that are due again. of: those that this consumer had."""
        due = self._claimable[stream, group]
        return [entry for entry, name in due.items() if of in (None, name)]

    def was_claimed(self, consumer: Consumer, stream: str, entry: Any) -> None:
        """Redis gave it to another consumer, or to the same once more."""
        self._claimable[stream, consumer.group].pop(entry[0], None)
        self.delivery(consumer, stream, entry, claimed=True)

    def acknowledged_late(self, stream: str, group: str, entry: bytes) -> None:
        """Nobody waited for it any more; for Redis it is done with all the same."""
        self._claimable[stream, group].pop(entry, None)
        if (arrival := self.given.get((stream, group, entry))) is not None:
            message = int(arrival.fields[MESSAGE])
            self._locked(partial(self._carrier.acknowledged_late, group, message))

    def lost_while_reading(self, streams: Sequence[str], consumer: Consumer) -> None:
        """A connection ended while Redis may have been answering it: what it gave there can be claimed."""
        if self._open:
            self._background.spawn(self._find_lost(streams, consumer))

    async def _find_lost(self, streams: Sequence[str], consumer: Consumer) -> None:
        for stream in streams:
            told = await self.command("XPENDING", stream, consumer.group, "-", "+", 1000, consumer.name)
            for entry, *_ in told if isinstance(told, list) else ():
                if (stream, consumer.group, entry) not in self._seen:
                    self._claimable[stream, consumer.group].setdefault(entry, consumer.name)

    def to_dead_letters(self, arrival: RedisArrival) -> None:
        words = (word for pair in arrival.fields.items() for word in pair)
        self.command("XADD", self._out.dead_letters, "*", *words)
        self.command("XACK", arrival.stream, arrival.queue, arrival.entry)
