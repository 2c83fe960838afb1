"""A plain forwarder in place of Toxiproxy loses no acknowledgement on its way to RabbitMQ, and says so."""

from __future__ import annotations

import os

import pytest

from harness.history import FaultFired
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.worlds.wire import WireWorld
from harness.worlds.wire.world import make_proxy
from tests.planted.messages.scenario import QUICK, on_rabbitmq
from tests.planted.messages.shop import Shop
from tests.wire.rabbitmq import REQUIRED
from tests.wire.test_messages_forwarded import Forwarder

pytestmark = [
    pytest.mark.wire,
    pytest.mark.rabbitmq,
    pytest.mark.skipif(
        REQUIRED not in os.environ, reason="NO TEST OF RABBITMQ WAS RUN: nox -s rabbitmq runs them"
    ),
]


class Ignoring(Forwarder):
    """Knows no toxic that could be removed."""

    def remove_toxic(self, name: str) -> None:
        del name


def test_a_plain_forwarder_loses_none() -> None:
    plan = FaultPlan((Fault(kind="lose_ack", operation="events.StockReserved.deliver"),))
    with WireWorld("embedded", make_proxy=lambda *told: Ignoring(make_proxy(*told))) as world:
        run = run_once(on_rabbitmq(Shop().scenario(promise=QUICK)), {}, plan, world)
    assert run.history.of(FaultFired) == ()
    assert [(one.kind, one.reason) for one in run.history.unconfirmed()] == [
        ("lose_ack", "the acknowledgement came through")
    ]
