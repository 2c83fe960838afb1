"""The server of a bus that Redis carries."""

from __future__ import annotations

from typing import Any

from harness.redis.address import RedisAddress
from harness.redis.resp import GREETING
from harness.worlds.wire.brokers.server import BrokerBusServer
from harness.worlds.wire.redis.bus import RedisBus
from harness.worlds.wire.redis.link import RedisLink
from harness.worlds.wire.redis.outbox import RedisOutbox


class RedisServer(BrokerBusServer):
    """Of one bus, from run to run."""

    greeting = GREETING

    @property
    def outbox(self) -> RedisOutbox:
        return self._outbox

    async def listen(self) -> int:
        assert isinstance(self._broker, RedisAddress)
        self._outbox = RedisOutbox(self._broker, self.name)
        return await super().listen()

    def bus(self, **rest: Any) -> RedisBus:
        return RedisBus(standing=self, failing=self._failing_loudly, process=self._process, **rest)

    def _link(self, *, shared: bool) -> RedisLink:
        assert isinstance(self._broker, RedisAddress)
        return RedisLink(self, self._broker, self.connections, shared=shared)

    @property
    def bus_of_run(self) -> RedisBus | None:
        """That of the run that is on."""
        bus = self._bus_of_run
        return bus if isinstance(bus, RedisBus) else None
