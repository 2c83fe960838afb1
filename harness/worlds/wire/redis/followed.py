"""What is done with a client's commands on the streams of a bus: XADD, XREADGROUP, XACK, XCLAIM, XAUTOCLAIM.

What is added is given to whoever answers requests. Entries are read and claimed in the client's name, and
kept until they are due. An acknowledgement is heard, and sent on only for those. Refuses to know faults.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.participant import Request
from harness.redis.commands import (
    BadCommand,
    Claim,
    ReadGroup,
    read_add,
    read_autoclaim,
    read_claim,
    read_group,
)
from harness.redis.events import body_of, fields_in, headers_of, type_in
from harness.redis.resp import Word, by_key, encoded, error_in, nothing
from harness.worlds.wire.http import TAG_HEADER
from harness.worlds.wire.redis.add_reply import AddReply
from harness.worlds.wire.redis.arrival import Consumer, RedisArrival, Side
from harness.worlds.wire.redis.bus import RedisBus

EVENTS = "/events"
SLICE_MS = 10
"""While something is kept from a client that waits, Redis is asked for so long at a time."""

REFUSED = "the subscriber gave it back"

Follow = Callable[[list[bytes]], Awaitable[bytes | None]]
"""Answers a command; None: it is answered by somebody else."""


class Followed:
    """Of one link in one run."""

    def __init__(self, link: Side, bus: RedisBus) -> None:
        self._link = link
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._reading: tuple[ReadGroup, Consumer] | None = None
        self.commands: Mapping[bytes, Follow] = {
            b"XADD": self._add,
            b"XREADGROUP": self._read_group,
            b"XACK": self._acknowledge,
            b"XCLAIM": self._claim,
            b"XAUTOCLAIM": self._autoclaim,
            b"XGROUP": self._group,
        }

    def ended(self) -> None:
        """The client has left."""
        if self._reading is None:
            return
        read, consumer = self._reading
        if consumer.link is self._link:
            for ready in (consumer.fresh, consumer.claimed):
                while ready:
                    ready.popleft().lost()
        self._bus.lost_while_reading(read.streams, consumer)

    # Publishing -------------------------------------------------------------------------------

    async def _add(self, words: list[bytes]) -> bytes | None:
        add = read_add(words)
        type_ = type_in(self._bus.name, add.stream)
        if type_ is None:
            return (await self._link.ask(words))[0]
        if add.entry != b"*":
            raise BadCommand("ERR saga-chaos: an event is added with the id *")
        fields = fields_in(add.words)
        headers = headers_of(fields, type_)
        tag = headers.pop(TAG_HEADER, None)
        request = Request(method="POST", path=EVENTS, query={}, headers=headers, body=body_of(fields))
        reply = AddReply(self._link, self._bus, type_, fields.get("ce-id", ""))
        self._link.publish(reply, request, tag)
        await reply.given.wait()
        return None

    # Reading ----------------------------------------------------------------------------------

    async def _read_group(self, words: list[bytes]) -> bytes:
        read = read_group(words)
        followed = [self._bus.follows(one) for one in read.streams]
        if not any(followed):
            return (await self._link.ask(words))[0]
        if not all(followed):
            raise BadCommand("ERR saga-chaos: read streams of the bus apart from others")
        consumer = self._bus.consumer(read.group, read.consumer)
        consumer.link = self._link
        self._reading = (read, consumer)
        if not read.new:
            return await self._history(read, consumer)
        return await self._news_for(read, consumer)

    async def _news_for(self, read: ReadGroup, consumer: Consumer) -> bytes:
        """New entries, as soon as one is due; nothing where its patience ends."""
        until = None if not read.block_ms else self._loop.time() + read.block_ms / 1000
        while True:
            ready = consumer.take(consumer.fresh, read.streams, read.count)
            if ready:
                return self._given(read.streams, ready)
            left_ms = 0 if until is None else max(1, round((until - self._loop.time()) * 1000))
            if until is not None and self._loop.time() >= until:
                return nothing(version=self._link.version)
            block_ms = None if read.block_ms is None else left_ms
            if consumer.kept and block_ms is not None:
                block_ms = min(left_ms or SLICE_MS, SLICE_MS)
            raw, value = await self._link.ask(read.words(block_ms))
            if error_in(value) is not None:
                return raw
            for stream, entries in _pairs(value):
                for entry in entries:
                    self._bus.delivery(consumer, stream.decode(), entry, no_ack=read.no_ack)
            await _turn()
            if read.block_ms is None and not consumer.fresh:
                return nothing(version=self._link.version)

    async def _history(self, read: ReadGroup, consumer: Consumer) -> bytes:
        """What it had and did not acknowledge, and is due again."""
        found: dict[bytes, Any] = {}
        for stream in read.streams:
            mine = self._bus.to_be_claimed(stream, read.group, of=read.consumer)
            claim = Claim(stream, read.group, read.consumer, 0, tuple(mine), count=read.count)
            found[stream.encode()] = _entries(await self._claimed(claim, consumer))
        return by_key(found, version=self._link.version)

    def _given(self, streams: Sequence[str], ready: Sequence[RedisArrival]) -> bytes:
        """Entries go to the client."""
        self._hand_over(ready)
        by_stream = {one: [each for each in ready if each.stream == one] for one in streams}
        told = {stream.encode(): _entries(some) for stream, some in by_stream.items() if some}
        return by_key(told, version=self._link.version)

    def _hand_over(self, ready: Sequence[RedisArrival]) -> None:
        for one in ready:
            if one.no_ack:
                self._loop.call_soon(one.answered, None)
                continue
            self._link.given[one] = None
            one.reader = self._link
            self._bus.given[one.key] = one

    # Claiming ---------------------------------------------------------------------------------

    async def _claimed(self, claim: Claim, consumer: Consumer) -> list[RedisArrival]:
        """Those that Redis let it have, and that are due."""
        if claim.ids:
            words: list[Word] = [
                "XCLAIM",
                claim.stream,
                claim.group,
                claim.consumer,
                claim.idle_ms,
                *claim.ids,
            ]
            _, value = await self._link.ask(words)
            if (wrong := error_in(value)) is not None:
                raise BadCommand(wrong)
            for entry in value:
                if entry:
                    self._bus.was_claimed(consumer, claim.stream, entry)
            await _turn()
        ready = consumer.take(consumer.claimed, [claim.stream], claim.count)
        self._hand_over(ready)
        return ready

    async def _autoclaim(self, words: list[bytes]) -> bytes:
        claim = read_autoclaim(words)
        if not self._bus.follows(claim.stream):
            return (await self._link.ask(words))[0]
        due = tuple(self._bus.to_be_claimed(claim.stream, claim.group)[: claim.count])
        consumer = self._bus.consumer(claim.group, claim.consumer)
        consumer.link = self._link
        found = await self._claimed(replace(claim, ids=due), consumer)
        return encoded([b"0-0", _entries(found), []])

    async def _claim(self, words: list[bytes]) -> bytes | None:
        claim = read_claim(words)
        if not self._bus.follows(claim.stream):
            return (await self._link.ask(words))[0]
        if claim.gives_back:
            return await self._give_back(claim, words)
        due = self._bus.to_be_claimed(claim.stream, claim.group)
        consumer = self._bus.consumer(claim.group, claim.consumer)
        consumer.link = self._link
        ids = tuple(one for one in claim.ids if one in due)
        found = await self._claimed(replace(claim, ids=ids), consumer)
        return encoded([one.entry for one in found] if claim.just_id else _entries(found))

    async def _give_back(self, claim: Claim, words: list[bytes]) -> bytes | None:
        given = [self._bus.given.pop((claim.stream, claim.group, one), None) for one in claim.ids]
        if self._cut(given, REFUSED):
            return None
        raw, _ = await self._link.ask(words)
        for one in given:
            if one is not None:
                one.taken_from_reader()
                one.answered(REFUSED)
        return raw

    # Acknowledging ----------------------------------------------------------------------------

    async def _acknowledge(self, words: list[bytes]) -> bytes | None:
        stream, group = (one.decode(errors="replace") for one in words[1:3])
        if len(words) < 4 or not self._bus.follows(stream):
            return (await self._link.ask(words))[0]
        keys = [(stream, group, one) for one in words[3:]]
        given = [self._bus.given.get(key) for key in keys]
        if self._cut(given, None):
            return None
        number = 0
        for key, one in zip(keys, given, strict=True):
            if one is None or one.done.done():
                number += await self._acknowledge_late(key)
                continue
            del self._bus.given[key]
            one.taken_from_reader()
            one.answered(None)
            number += await one.done
        return encoded(number)

    async def _acknowledge_late(self, key: tuple[str, str, bytes]) -> int:
        """Nobody waits for it: it came too late, or twice."""
        _, value = await self._link.ask(["XACK", *key])
        if value == 1:
            self._bus.acknowledged_late(*key)
        return value if isinstance(value, int) else 0

    def _cut(self, given: Sequence[RedisArrival | None], reason: str | None) -> bool:
        """Whether one of them is to be lost: then the whole command is, and Redis never hears it."""
        for one in given:
            if one is not None and one.to_be_cut and not one.done.done():
                one.answerer = self._link
                one.taken_from_reader()
                one.answered(reason)
                return True
        return False

    # Groups -----------------------------------------------------------------------------------

    async def _group(self, words: list[bytes]) -> bytes:
        raw, value = await self._link.ask(words)
        if len(words) > 3 and words[1].upper() == b"CREATE":
            wrong = error_in(value)
            if wrong is None or "BUSYGROUP" in wrong:
                self._bus.created(words[2].decode(), words[3].decode(), anew=wrong is None)
        return raw


def _pairs(value: Any) -> list[tuple[bytes, Any]]:
    """Streams and their entries, as either version of the protocol has them."""
    if value is None:
        return []
    return list(value.items()) if isinstance(value, dict) else [(one[0], one[1]) for one in value]


def _entries(some: Sequence[RedisArrival]) -> list[Any]:
    return [[one.entry, one.given] for one in some]


async def _turn() -> None:
    """What arrived is handed over before the next answer."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
