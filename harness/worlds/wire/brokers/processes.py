"""The brokers of one world: one of our own of each kind for all its runs, or the user's.

Owns which broker carries which bus. One of our own is started when it is first needed. Runs of one world
follow one another, and each takes its queues along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, Self

from harness.brokers.address import BrokerAddress
from harness.brokers.errors import BrokerUnavailable
from harness.brokers.server import OwnBroker
from harness.bus import BrokerKind, Bus
from harness.bus.urls import address_of
from harness.scenario import Scenario
from harness.worlds.wire.background import PREFIX


class KindOfBroker(Protocol):
    """What a world has to know of each (`harness.worlds.wire.brokers.kinds`). protocol: in words."""

    @property
    def protocol(self) -> str: ...

    def require(self, where: str, /) -> None:
        """Raises UsageError where its extra is not installed."""

    def own(self, progress: Callable[[str], None], /) -> OwnBroker:
        """One that can be started."""

    def answers(self, address: BrokerAddress, /) -> bool:
        """Whether somebody there speaks its protocol."""


@dataclass(frozen=True, slots=True)
class Carrying:
    """A broker that carries a bus."""

    kind: BrokerKind
    address: BrokerAddress


class BrokerProcess:
    """Of the broker that was started here: killed and started beside the servers' loop, which goes on."""

    def __init__(self, server: OwnBroker) -> None:
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
    """progress: is called at a start, which may take seconds. kinds: what each broker is."""

    def __init__(self, progress: Callable[[str], None], kinds: Mapping[BrokerKind, KindOfBroker]) -> None:
        self._progress = progress
        self._kinds = kinds
        self._own: dict[BrokerKind, OwnBroker] = {}
        self._processes: dict[BrokerKind, BrokerProcess] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.close()
        self._own, self._processes = {}, {}

    def own(self, kind: BrokerKind) -> OwnBroker | None:
        """The one that was started here."""
        return self._own.get(kind)

    def process(self, at: Carrying) -> BrokerProcess | None:
        """Of the broker there; None where it is the user's."""
        own = self._own.get(at.kind)
        return self._processes[at.kind] if own is not None and own.address == at.address else None

    def of(self, scenario: Scenario) -> Mapping[str, Carrying]:
        """By bus. Raises UsageError without the extra, BrokerUnavailable without a broker."""
        found = {}
        for one in scenario.participants:
            if not isinstance(one, Bus) or one.broker is None:
                continue
            where = f"scenario {scenario.name!r}, participant {one.name!r}, broker"
            kind = one.broker.kind
            self._kinds[kind].require(where)
            address = address_of(one.broker, f"{where}, url")
            if address is None:
                address = self._started(kind)
            elif not self._kinds[kind].answers(address):
                raise BrokerUnavailable(
                    f"{where}, url: found nobody who speaks {self._kinds[kind].protocol} at "
                    f"{address.host}:{address.port}, expected a broker that runs"
                )
            found[one.name] = Carrying(kind, address)
        return found

    def _started(self, kind: BrokerKind) -> BrokerAddress:
        own = self._own.get(kind)
        if own is None:
            own = self._kinds[kind].own(self._progress)
            try:
                own.start()
            except BaseException:
                own.stop()
                raise
            self._own[kind], self._processes[kind] = own, BrokerProcess(own)
        own.check()
        return own.address
