"""Scenarios by name, so that another process can load them: `tests/planted/messages/scenario.py:SHOP`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.bus import Broker, BrokerKind, Bus, Promise
from harness.saga import Claim
from harness.scenario import Scenario
from tests.planted.messages.commands import Commands
from tests.planted.messages.shop import Shop

QUICK = Promise(ack_timeout_s=0.5, redeliver_after_s=0.05)

PATIENT = Promise(ack_timeout_s=1.0, redeliver_after_s=0.05)
"""For an orchestrator that waits for replies while its own event is not acknowledged."""

REPLY_TIMEOUT_S = 0.4

DURABLE = replace(
    Shop().scenario(promise=QUICK, claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})),
    reference=f"{__file__}:DURABLE",
)


def on_rabbitmq(scenario: Scenario, broker: Broker | None = None) -> Scenario:
    """The same, with RabbitMQ carrying its messages on the wire."""
    return replace(scenario, participants=tuple(_carried(one, broker) for one in scenario.participants))


def on_redis(scenario: Scenario, broker: Broker | None = None) -> Scenario:
    """The same, with Redis carrying its messages on the wire."""
    return on_rabbitmq(scenario, broker or Broker(kind=BrokerKind.REDIS))


def _carried(one: object, broker: Broker | None) -> Any:
    if not isinstance(one, Bus):
        return one
    return Bus(one.name, one.events, promise=one.promise, steps=one.steps, broker=broker or Broker())


DURABLE_ON_RABBITMQ = replace(on_rabbitmq(DURABLE), reference=f"{__file__}:DURABLE_ON_RABBITMQ")

DURABLE_ON_REDIS = replace(on_redis(DURABLE), reference=f"{__file__}:DURABLE_ON_REDIS")

COMMANDS = replace(
    Commands(reply_timeout_s=REPLY_TIMEOUT_S).scenario(
        promise=PATIENT, claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})
    ),
    reference=f"{__file__}:COMMANDS",
)
