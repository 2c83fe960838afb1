"""Scenarios by name, so that another process can load them: `tests/planted/messages/scenario.py:SHOP`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.bus import Broker, Bus, Promise
from harness.saga import Claim
from harness.scenario import Scenario
from tests.planted.messages.shop import Shop

QUICK = Promise(ack_timeout_s=0.5, redeliver_after_s=0.05)

DURABLE = replace(
    Shop().scenario(promise=QUICK, claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})),
    reference=f"{__file__}:DURABLE",
)


def on_rabbitmq(scenario: Scenario, broker: Broker | None = None) -> Scenario:
    """The same, with RabbitMQ carrying its messages on the wire."""
    return replace(scenario, participants=tuple(_carried(one, broker) for one in scenario.participants))


def _carried(one: object, broker: Broker | None) -> Any:
    if not isinstance(one, Bus):
        return one
    return Bus(one.name, one.events, promise=one.promise, steps=one.steps, broker=broker or Broker())


DURABLE_ON_RABBITMQ = replace(on_rabbitmq(DURABLE), reference=f"{__file__}:DURABLE_ON_RABBITMQ")
