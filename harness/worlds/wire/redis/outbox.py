"""Our own connection to Redis: streams and groups of a bus, what is added, and what is acknowledged there."""

from __future__ import annotations

from typing import Any

from harness.brokers.errors import BrokerRefused
from harness.redis.address import RedisAddress
from harness.redis.client import RedisClient
from harness.redis.resp import Word, error_in
from harness.worlds.wire.brokers.outbox import CONNECT_LIMIT_S, BrokerOutbox

Words = tuple[Word, ...]

_EMPTIED = """
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('XLEN', KEYS[1]) == 0
   and #redis.call('XINFO', 'GROUPS', KEYS[1]) == 0 then redis.call('DEL', KEYS[1]) end
"""
"""A stream goes where nobody else uses it."""


class RedisOutbox(BrokerOutbox[RedisClient, Words]):
    """Of one bus. What it sends is a command."""

    def __init__(self, address: RedisAddress, bus: str) -> None:
        super().__init__("redis", address, bus)
        self._redis = address
        self._groups: dict[tuple[str, str], None] = {}
        self._added: dict[str, list[Word]] = {}

    async def create(self, stream: str, group: str) -> None:
        """A group that gets what is added to a stream; it goes with the run."""
        async with self._turn:
            client = await self._connected()
            try:
                await client.ask("XGROUP", "CREATE", stream, group, "0", "MKSTREAM")
            except BrokerRefused as refusal:
                if "BUSYGROUP" not in str(refusal):
                    raise
        self.created(stream, group)

    def created(self, stream: str, group: str) -> None:
        """Somebody else created it, in this run."""
        self._groups[stream, group] = None

    def goes_with_the_run(self, queue: str) -> None:
        """A group goes with its stream: see `created`."""
        del queue

    async def count(self, stream: str) -> int:
        """How many entries there are."""
        async with self._turn:
            client = await self._connected()
            return int(await client.ask("XLEN", stream))

    async def _open(self) -> RedisClient:
        return await RedisClient.open(self._redis, limit_s=CONNECT_LIMIT_S)

    async def _declare_standing(self) -> None:
        """Streams are there as soon as something is added; whether the broker lets us in is seen here."""
        async with self._turn:
            await self._connected()

    async def _publish(self, client: RedisClient, parcel: Words) -> Any:
        told = await client.tell(*parcel)
        if parcel[0] == "XADD" and error_in(told) is None:
            self._added.setdefault(str(parcel[1]), []).append(told)
        return told

    async def _forget_run(self) -> None:
        groups, self._groups = self._groups, {}
        added, self._added = self._added, {}
        added.pop(self.dead_letters, None)
        if not (groups or added):
            return
        async with self._turn:
            client = await self._connected()
            told = [client.tell("XGROUP", "DESTROY", *one) for one in groups]
            told += [client.tell("XDEL", stream, *entries) for stream, entries in added.items()]
            streams = dict.fromkeys([*(stream for stream, _ in groups), *added])
            told += [client.tell("EVAL", _EMPTIED, 1, stream) for stream in streams]
            for one in told:
                await one

    async def _forget_all(self, client: RedisClient) -> None:
        await client.tell("DEL", self.dead_letters)
