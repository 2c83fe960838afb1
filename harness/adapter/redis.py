"""Handlers on Redis streams: each is a consumer group, which reads, acknowledges and claims entries.

What a handler refuses is given back by an XCLAIM that says it was idle for long: then it can be claimed at
once. Refuses to decide when it can be: the bus does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from harness.adapter.brokers import CONNECT_LIMIT_S, BrokerInbox, BrokerTransport, Queue, Subscribe
from harness.redis.address import RedisAddress
from harness.redis.client import RedisClient
from harness.redis.events import body_of, fields_in, fields_of, headers_of, stream_of

BLOCK_MS = 40
"""So long it waits for new entries before it looks again for those that can be claimed."""

IDLE_MS = 86_400_000
"""Of an entry that was given back: longer than anybody waits."""


class RedisInbox(BrokerInbox):
    """Of one executor."""

    async def _take_all(self, queue: Queue) -> None:
        address = RedisAddress.parse(queue.url, "queue")
        reading = await RedisClient.open(address, limit_s=CONNECT_LIMIT_S)
        answering = None
        try:
            # Redis hears nothing on a connection that waits for entries.
            answering = await RedisClient.open(address, limit_s=CONNECT_LIMIT_S)
            while answering.over is None:
                await self._read(queue, reading, answering)
        finally:
            reading.abort()
            if answering is not None:
                answering.abort()

    async def _read(self, queue: Queue, reading: RedisClient, answering: RedisClient) -> None:
        who = (queue.name, queue.consumer)
        types = {stream_of(queue.bus, one): one for one in queue.types}
        for stream, type_ in types.items():
            claimed = await reading.ask("XAUTOCLAIM", stream, *who, 0, "0-0")
            self._entries(queue, type_, claimed[1], answering)
        news = ("STREAMS", *types, *(">" for _ in types))
        found = await reading.ask("XREADGROUP", "GROUP", *who, "BLOCK", BLOCK_MS, *news)
        for stream, entries in found or ():
            self._entries(queue, types[stream.decode()], entries, answering)

    def _entries(self, queue: Queue, type_: str, entries: Sequence[Any], answering: RedisClient) -> None:
        for entry, words in entries:
            fields = fields_in(words)
            done = partial(_answer, answering, queue, stream_of(queue.bus, type_), entry)
            self._take(queue.subscription, headers_of(fields, type_), body_of(fields), done)


def _answer(client: RedisClient, queue: Queue, stream: str, entry: bytes, reason: str | None) -> None:
    if client.over is not None:
        return  # it is claimed again
    if reason is None:
        client.tell("XACK", stream, queue.name, entry)
    else:
        client.tell("XCLAIM", stream, queue.name, queue.consumer, 0, entry, "IDLE", IDLE_MS, "JUSTID")


class RedisTransport(BrokerTransport):
    """To the streams of one bus."""

    def __init__(self, address: RedisAddress, bus: str) -> None:
        self._address = address
        self._bus = bus

    async def _connect(self, limit_s: float) -> _Publisher:
        return _Publisher(await RedisClient.open(self._address, limit_s=limit_s), self._bus)


class _Publisher:
    def __init__(self, client: RedisClient, bus: str) -> None:
        self._client = client
        self._bus = bus
        self.abort = client.abort

    async def publish_event(self, type_: str, headers: Mapping[str, str], body: bytes) -> None:
        fields = fields_of(headers, body)
        words = [word for pair in fields.items() for word in pair]
        await self._client.ask("XADD", stream_of(self._bus, type_), "*", *words)


def inbox(subscribe: Subscribe) -> RedisInbox:
    """For handlers."""
    return RedisInbox(subscribe)


def transport(url: str, bus: str) -> RedisTransport:
    """What publishes to the streams of a bus."""
    return RedisTransport(RedisAddress.parse(url, "the bus's URL"), bus)
