"""Each broker that a world can drive: its extra, its process, and the server of a bus that it carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.brokers.address import BrokerAddress
from harness.brokers.server import OwnBroker
from harness.bus import BrokerKind
from harness.rabbitmq.frames import require_pamqp
from harness.rabbitmq.server import OwnRabbit
from harness.rabbitmq.server import answers as speaks_amqp
from harness.redis.resp import require_hiredis
from harness.redis.server import OwnRedis
from harness.redis.server import answers as speaks_resp
from harness.worlds.wire.brokers.server import BrokerBusServer
from harness.worlds.wire.rabbitmq.server import RabbitServer
from harness.worlds.wire.redis.server import RedisServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """protocol: in words. require: raises UsageError without the extra. own: makes one to be started.

    answers: whether somebody there speaks the protocol. server: of a bus that it carries.
    """

    protocol: str
    require: Callable[[str], None]
    own: Callable[[Callable[[str], None]], OwnBroker]
    answers: Callable[[BrokerAddress], bool]
    server: type[BrokerBusServer]


KINDS: Mapping[BrokerKind, Kind] = {
    BrokerKind.RABBITMQ: Kind(
        protocol="AMQP 0-9-1",
        require=require_pamqp,
        own=OwnRabbit,
        answers=speaks_amqp,
        server=RabbitServer,
    ),
    BrokerKind.REDIS: Kind(
        protocol="RESP",
        require=require_hiredis,
        own=OwnRedis,
        answers=speaks_resp,
        server=RedisServer,
    ),
}
