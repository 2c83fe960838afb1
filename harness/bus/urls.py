"""Where a broker is that a user names by its URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.brokers.address import BrokerAddress
from harness.bus.promise import Broker, BrokerKind
from harness.rabbitmq.address import AmqpAddress
from harness.redis.address import RedisAddress

_PARSED: Mapping[BrokerKind, Callable[[str, str], BrokerAddress]] = {
    BrokerKind.RABBITMQ: AmqpAddress.parse,
    BrokerKind.REDIS: RedisAddress.parse,
}


def address_of(broker: Broker, where: str) -> BrokerAddress | None:
    """Of a broker that runs; None where one is to be started. Raises ScenarioError for a wrong URL."""
    return None if broker.url is None else _PARSED[broker.kind](broker.url, where)
