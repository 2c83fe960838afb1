"""A bus whose messages RabbitMQ carries: each fault as in sim, real redeliveries, and nothing left running.

`nox -s rabbitmq` runs these, and brings a broker where there is none.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.brokers.errors import BrokerDied
from harness.bus import Broker, BrokerKind, Promise
from harness.history import FaultFired
from harness.plan import Fault, FaultPlan
from harness.rabbitmq.address import AmqpAddress
from harness.runner import run_once
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from harness.worlds.wire.brokers.carrier import Arrival, BrokerCarrier
from harness.worlds.wire.rabbitmq.outbox import AmqpOutbox
from tests.planted.messages.scenario import DURABLE_ON_RABBITMQ, QUICK, on_rabbitmq
from tests.planted.messages.shop import Shop
from tests.wire.brokered import (
    AMOUNT,
    FOR_EVER,
    OF_OWN,
    OVERTAKEN,
    PARALLEL,
    as_in_sim,
    dead_letter,
    order_of_own,
    place_of_struck,
    seen_by,
    struck,
)
from tests.wire.rabbitmq import REQUIRED
from tests.wire.test_message_bus import (
    FAULTS,
    TWINS,
    Key,
    all_in_sim,
    complaints,
    fired,
    handed_over,
    plan_of,
    told,
)

pytestmark = [
    pytest.mark.wire,
    pytest.mark.rabbitmq,
    pytest.mark.skipif(
        REQUIRED not in os.environ, reason="NO TEST OF RABBITMQ WAS RUN: nox -s rabbitmq runs them"
    ),
]


def scenario_of(twin: type[Shop]) -> Scenario:
    return on_rabbitmq(twin().scenario(promise=QUICK))


@pytest.fixture(scope="module")
def in_sim() -> Mapping[Key, tuple[object, ...]]:
    return all_in_sim(scenario_of)


@pytest.fixture(scope="module")
def wire(in_sim: object) -> Iterator[WireWorld]:
    """Behind a real Toxiproxy, with a broker of our own."""
    del in_sim
    with WireWorld("toxiproxy", progress=print) as world:
        yield world


@pytest.mark.parametrize(("kind", "variant"), FAULTS)
@pytest.mark.parametrize("twin", TWINS)
def test_a_fault_means_what_it_means_in_sim(
    twin: type[Shop], kind: str, variant: str, wire: WireWorld, in_sim: Mapping[Key, tuple[object, ...]]
) -> None:
    run = run_once(scenario_of(twin), {}, plan_of(kind, variant), wire)
    assert as_in_sim(run, in_sim[twin.__name__, kind, variant]), told(run)


# What the broker does ---------------------------------------------------------------------------


def test_an_acknowledgement_is_lost_by_a_toxic(wire: WireWorld) -> None:
    run = run_once(scenario_of(Shop), {}, plan_of("lose_ack", ""), wire)
    assert [one.toxic for _, one in run.history.of(FaultFired)] == ["limit_data_downstream"]


@pytest.mark.parametrize("kind", ["drop_message", "lose_ack"])
def test_what_comes_again_comes_from_the_broker(
    wire: WireWorld, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    brought: list[tuple[str, bool]] = []
    arrived = BrokerCarrier.arrived

    def seen(carrier: BrokerCarrier, arrival: Arrival, *told: Any) -> None:
        brought.append((arrival.queue.rpartition(".")[2], arrival.redelivered))
        arrived(carrier, arrival, *told)

    monkeypatch.setattr(BrokerCarrier, "arrived", seen)
    run = run_once(scenario_of(Shop), {}, plan_of(kind, ""), wire)
    assert fired(run) == [kind]
    assert [again for queue, again in brought if queue == "charge"] == [False, True]


def test_a_poisoned_message_is_in_the_dead_letter_queue(
    wire: WireWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    end_of_run = AmqpOutbox.end_of_run

    async def count_first(outbox: AmqpOutbox) -> None:
        for _ in range(20):  # another connection rejected it a moment ago
            counted.append(await outbox.count(outbox.dead_letters))
            await asyncio.sleep(0.02)
        await end_of_run(outbox)

    monkeypatch.setattr(AmqpOutbox, "end_of_run", count_first)
    run_once(scenario_of(Shop), {}, FaultPlan(), wire)
    before = counted[-1]
    run = run_once(scenario_of(Shop), {}, plan_of("poison_message", ""), wire)
    assert [one.status for one in run.view.sagas] == [Status.STUCK]
    assert complaints(run) == []
    assert counted[-1] == before + 1


def test_what_is_dropped_for_ever_is_a_dead_letter(wire: WireWorld) -> None:
    promise = Promise(ack_timeout_s=0.1, attempts=3)
    run = run_once(on_rabbitmq(Shop().scenario(promise=promise)), {}, FOR_EVER, wire)
    assert dead_letter(run) == (3, 3)
    assert complaints(run) == []


def test_it_is_overtaken_where_two_messages_are_under_way(wire: WireWorld) -> None:
    run = run_once(on_rabbitmq(PARALLEL), AMOUNT, OVERTAKEN, wire)
    assert fired(run) == ["reorder_message"]
    assert place_of_struck(run) == 1
    assert complaints(run) == []


@pytest.mark.parametrize("where", ["on_arrival", "applied", "answered"])
def test_handlers_whose_process_is_killed_get_the_message_again(wire: WireWorld, where: str) -> None:
    plan = FaultPlan((Fault(kind="crash", operation="bank.charge.create", variant=where),))
    run = run_once(DURABLE_ON_RABBITMQ, {}, plan, wire)
    assert fired(run) == ["crash"]
    assert complaints(run) == []
    assert handed_over(run)[:2] == [(1, 0), (2, 0)]


# Services of one's own --------------------------------------------------------------------------

AMQP_ORDER = order_of_own("amqp_order.py", BrokerKind.RABBITMQ)


@pytest.mark.parametrize(("kind", "variant", "redelivered"), OF_OWN)
def test_a_service_with_a_client_of_its_own_is_struck_alike(
    wire: WireWorld, kind: str | None, variant: str, redelivered: list[bool]
) -> None:
    run = struck(AMQP_ORDER, kind, variant, wire)
    assert [one.status for one in run.view.sagas] == [Status.COMPLETED]
    assert seen_by(run) == redelivered


# The broker dies --------------------------------------------------------------------------------


def pid_of(wire: WireWorld) -> int:
    server = wire._brokers.own(BrokerKind.RABBITMQ)
    assert server is not None
    return server.pid


@pytest.mark.parametrize("variant", ["on_arrival", "applied"])
def test_a_broker_that_is_killed_has_its_durable_queues_again(wire: WireWorld, variant: str) -> None:
    run_once(scenario_of(Shop), {}, FaultPlan(), wire)
    pids = [pid_of(wire)]
    plan = FaultPlan(
        (Fault(kind="participant_crash", operation="events.StockReserved.publish", variant=variant),)
    )
    run = run_once(replace(DURABLE_ON_RABBITMQ, time_limit_s=90.0, patience_s=60.0), {}, plan, wire)
    pids.append(pid_of(wire))
    assert pids[0] != pids[1]
    assert fired(run) == ["participant_crash"]
    assert complaints(run) == []
    assert [one.status for one in run.view.sagas] == [Status.COMPLETED]


# A broker of one's own --------------------------------------------------------------------------


def own_at(wire: WireWorld, **change: Any) -> Scenario:
    """At the url of a broker that runs."""
    address = wire._brokers.of(scenario_of(Shop))["events"].address
    assert isinstance(address, AmqpAddress)
    address = replace(address, **change)
    return on_rabbitmq(Shop().scenario(promise=QUICK), Broker(url=str(address)))


def test_a_broker_of_ones_own_is_used(wire: WireWorld) -> None:
    run = run_once(own_at(wire), {}, FaultPlan(), wire)
    assert [one.status for one in run.view.sagas] == [Status.COMPLETED]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"password": "wrong"}, "403 ACCESS_REFUSED"), ({"vhost": "nowhere"}, "530 NOT_ALLOWED")],
)
def test_who_is_not_let_in_is_told_why(wire: WireWorld, change: dict[str, str], said: str) -> None:
    with pytest.raises(BrokerDied, match=said):
        run_once(own_at(wire, **change), {}, FaultPlan(), wire)
