"""The brokers of one world: one of our own for all its runs, started when it is first needed, or the user's.

Owns which broker carries which bus. Runs of one world follow one another, and each takes its queues along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from harness.bus import Bus
from harness.rabbitmq.address import BrokerAddress
from harness.rabbitmq.errors import BrokerUnavailable
from harness.rabbitmq.frames import require_pamqp
from harness.rabbitmq.server import BrokerServer, answers
from harness.scenario import Scenario
from harness.worlds.wire.background import PREFIX


class BrokerProcess:
    """Of the broker that was started here: killed and started beside the servers' loop, which goes on."""

    def __init__(self, server: BrokerServer) -> None:
        self._server = server
        self.up = asyncio.Event()
        self.up.set()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{PREFIX}-broker")

    async def die(self) -> None:
        """SIGKILL. `up` tells when it is there again."""
        self.up.clear()
        await asyncio.get_running_loop().run_in_executor(self._pool, self._server.kill)

    async def come_back(self) -> None:
        """Start it on what it had on disk. Raises BrokerUnavailable where it does not come up."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._server.start_again)
        finally:
            self.up.set()  # whoever waits has to hear it, too

    def close(self) -> None:
        """End it for good."""
        self._pool.shutdown(wait=True)
        self._server.stop()


class Brokers:
    """progress: is called at a start, which takes seconds."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._own: BrokerServer | None = None
        self._process: BrokerProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.close()
            self._own = self._process = None

    def process(self, address: BrokerAddress) -> BrokerProcess | None:
        """Of the broker there; None where it is the user's."""
        return self._process if self._own is not None and self._own.address == address else None

    def of(self, scenario: Scenario) -> Mapping[str, BrokerAddress]:
        """By bus. Raises UsageError without the extra, BrokerUnavailable without a broker."""
        found = {}
        for one in scenario.participants:
            if not isinstance(one, Bus) or one.broker is None:
                continue
            where = f"scenario {scenario.name!r}, participant {one.name!r}, broker"
            require_pamqp(where)
            found[one.name] = self._started() if one.broker.url is None else _named(one.broker.url, where)
        return found

    def _started(self) -> BrokerAddress:
        if self._own is None:
            own = BrokerServer(self._progress)
            try:
                own.start()
            except BaseException:
                own.stop()
                raise
            self._own, self._process = own, BrokerProcess(own)
        self._own.check()
        return self._own.address


def _named(url: str, where: str) -> BrokerAddress:
    address = BrokerAddress.parse(url, f"{where}, url")
    if not answers(address):
        raise BrokerUnavailable(
            f"{where}, url: found nobody who speaks AMQP 0-9-1 at {address.host}:{address.port}, expected a "
            "broker that runs"
        )
    return address
