"""The brokers of one world: one of our own for all its runs, started when it is first needed, or the user's.

Owns which broker carries which bus. Runs of one world follow one another, and each takes its queues along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

from harness.bus import Bus
from harness.rabbitmq.address import BrokerAddress
from harness.rabbitmq.errors import BrokerUnavailable
from harness.rabbitmq.frames import require_pamqp
from harness.rabbitmq.server import BrokerServer, answers
from harness.scenario import Scenario


class Brokers:
    """progress: is told of a start, which takes seconds."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._own: BrokerServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._own.stop()
            self._own = None

    @property
    def own(self) -> BrokerServer | None:
        """The one that was started here."""
        return self._own

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
            self._own = own
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
