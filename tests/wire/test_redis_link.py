"""What a service of one's own may do with Redis behind the harness, and what it is told where it may not."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from harness.adapter.callable import CallableSaga
from harness.adapter.context import SagaContext
from harness.bus import Broker, BrokerKind, Bus
from harness.history import MessageDelivered
from harness.plan import FaultPlan
from harness.runner import Run, run_once
from harness.saga import Json, SagaSpec
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from tests.planted.kit import SHOP
from tests.planted.messages.scenario import QUICK
from tests.planted.messages.shop import Shop
from tests.wire.redis import REQUIRED
from tests.wire.test_message_bus import complaints

pytestmark = [
    pytest.mark.wire,
    pytest.mark.redis,
    pytest.mark.skipif(REQUIRED not in os.environ, reason="NO TEST OF REDIS WAS RUN: nox -s redis runs them"),
]

PLACED, PAID = "events:Placed", "events:Paid"
Told = Callable[[Any, str], Awaitable[None]]


@pytest.fixture(scope="module")
def wire() -> Iterator[WireWorld]:
    with WireWorld("toxiproxy", progress=print) as world:
        yield world


def run_with(tell: Told, wire: WireWorld, *, protocol: int = 2) -> Run:
    """A saga whose only step is done when it has told the broker something."""
    redis = pytest.importorskip("redis.asyncio")

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        del input_
        assert isinstance(ctx.client, httpx.AsyncClient)
        async with redis.from_url(ctx.urls["events"], protocol=protocol, decode_responses=True) as client:
            await tell(client, ctx.saga_id)
        reply = await ctx.client.post(
            f"{ctx.urls['stock']}/holds",
            json={"saga_id": ctx.saga_id},
            headers={"Idempotency-Key": f"{ctx.saga_id}:hold"},
        )
        reply.raise_for_status()
        return {"status": "completed"}

    scenario = Scenario(
        name="told",
        spec=SagaSpec(name="told", steps=Shop.steps[:1]),
        participants=(
            SHOP[0],
            Bus("events", ("Placed", "Paid"), promise=QUICK, broker=Broker(kind=BrokerKind.REDIS)),
        ),
        saga=CallableSaga(saga, "told"),
        time_limit_s=10.0,
    )
    run = run_once(scenario, {}, FaultPlan(), wire)
    assert complaints(run) == []
    return run


def event(saga_id: str, number: int = 1) -> dict[str, str]:
    return {"ce-id": f"e-{number}", "data": json.dumps({"saga_id": saga_id})}


def deliveries(run: Run) -> list[tuple[str, int]]:
    return [(one.subscription, one.attempt) for _, one in run.history.of(MessageDelivered)]


@pytest.mark.parametrize("protocol", [2, 3])
def test_what_is_no_event_goes_through(wire: WireWorld, protocol: int) -> None:
    async def tell(client: Any, saga_id: str) -> None:
        await client.set("cache", saga_id)
        assert await client.get("cache") == saga_id
        async with client.pipeline(transaction=True) as pipe:
            pipe.incr("tally").incr("tally").delete("tally")
            assert await pipe.execute() == [1, 2, 1]
        entry = await client.xadd("audit", {"what": "placed"})
        assert [one for one, _ in await client.xrange("audit")][-1] == entry
        async with client.pubsub() as listening:
            await listening.subscribe("news")
            assert (await listening.get_message(timeout=1))["type"] == "subscribe"
            await client.publish("news", "hello")
            assert (await listening.get_message(timeout=1))["data"] == "hello"

    run_with(tell, wire, protocol=protocol)


def test_what_would_take_events_past_the_harness_is_refused(wire: WireWorld) -> None:
    redis = pytest.importorskip("redis")
    said: list[str] = []

    async def tell(client: Any, saga_id: str) -> None:
        async def in_transaction() -> None:
            async with client.pipeline(transaction=True) as pipe:
                await pipe.set("done", "1").xadd(PLACED, event(saga_id)).execute()

        await client.xgroup_create(PLACED, "mails", mkstream=True)
        for attempt in (
            lambda: client.xread({PLACED: "0"}),
            lambda: client.xadd(PLACED, event(saga_id), id="7-7"),
            lambda: client.xadd(PLACED, {"data": "{}"}),
            lambda: client.xadd("events:Nonsense", event(saga_id)),
            lambda: client.eval("return redis.call('XADD', KEYS[1], '*', 'a', 'b')", 1, PLACED),
            lambda: client.xreadgroup("mails", "one", {PLACED: ">", "audit": ">"}),
            in_transaction,
        ):
            with pytest.raises(redis.ResponseError) as refused:
                await attempt()
            said.append(str(refused.value))
        assert await client.get("done") is None

    run = run_with(tell, wire)
    assert deliveries(run) == []
    for one, part in zip(
        said,
        ("XREAD is not followed", "with the id *", "400", "422", "scripts", "apart", "MULTI"),
        strict=True,
    ):
        assert part in one


@pytest.mark.parametrize("protocol", [2, 3])
def test_entries_come_as_they_were_added_and_so_many_as_are_asked_for(wire: WireWorld, protocol: int) -> None:
    async def tell(client: Any, saga_id: str) -> None:
        for stream in (PLACED, PAID):
            await client.xgroup_create(stream, "mails", id="$", mkstream=True)
        entry = await client.xadd(PLACED, {**event(saga_id), "ce-subject": "a b", "colour": "grün"})
        assert [one for one, _ in await client.xrange(PLACED)] == [entry]
        await client.xadd(PLACED, event(saga_id, 2))
        await client.xadd(PAID, event(saga_id, 3))
        ((name, [(first, fields)]),) = flat(await client.xreadgroup("mails", "one", {PLACED: ">"}, count=1))
        assert (name, first) == (PLACED, entry)
        assert json.loads(fields["data"]) == {"saga_id": saga_id}
        expected = {"ce-id": "e-1", "ce-subject": "a b", "colour": "grün", "saga-chaos-attempt": "1"}
        assert expected.items() <= fields.items()
        rest = flat(await client.xreadgroup("mails", "one", {PLACED: ">", PAID: ">"}, block=500))
        while sum(len(entries) for _, entries in rest) < 2:
            rest += flat(await client.xreadgroup("mails", "one", {PLACED: ">", PAID: ">"}, block=500))
        assert [fields["ce-id"] for _, entries in rest for _, fields in entries] == ["e-2", "e-3"]
        second = next(one for _, entries in rest for one, fields in entries if fields["ce-id"] == "e-2")
        assert await client.xack(PLACED, "mails", first, second) == 2
        assert await client.xack(PLACED, "mails", first) == 0
        assert await client.xack(PAID, "mails", rest[-1][1][0][0]) == 1
        assert not await client.xreadgroup("mails", "one", {PLACED: ">"}, block=20)

    run = run_with(tell, wire, protocol=protocol)
    assert deliveries(run) == [("mails", 1)] * 3


def test_whoever_comes_back_reads_what_it_had(wire: WireWorld) -> None:
    """By the id 0, on another connection, as a consumer of the same name."""

    async def tell(client: Any, saga_id: str) -> None:
        await client.xgroup_create(PLACED, "mails", mkstream=True)
        await client.xadd(PLACED, event(saga_id))
        ((_, [(entry, _)]),) = flat(await client.xreadgroup("mails", "one", {PLACED: ">"}, block=500))
        assert flat(await client.xreadgroup("mails", "one", {PLACED: "0"})) == [(PLACED, [])]
        await client.connection_pool.disconnect()
        await asyncio.sleep(0.1)
        ((_, [(again, fields)]),) = flat(await client.xreadgroup("mails", "one", {PLACED: "0"}))
        assert (again, fields["saga-chaos-attempt"]) == (entry, "2")
        ((pending),) = await client.xpending_range(PLACED, "mails", "-", "+", 10)
        assert pending["times_delivered"] == 2
        assert await client.xack(PLACED, "mails", entry) == 1

    assert deliveries(run_with(tell, wire)) == [("mails", 1), ("mails", 2)]


def test_what_was_idle_for_long_enough_is_claimed_by_another(wire: WireWorld) -> None:
    async def tell(client: Any, saga_id: str) -> None:
        await client.xgroup_create(PLACED, "mails", mkstream=True)
        await client.xadd(PLACED, event(saga_id))
        ((_, [(entry, _)]),) = flat(await client.xreadgroup("mails", "one", {PLACED: ">"}, block=500))
        assert (await client.xautoclaim(PLACED, "mails", "two", 0))[1] == []  # not before ack_timeout_s
        await asyncio.sleep(0.6)
        assert (await client.xautoclaim(PLACED, "mails", "two", 60_000))[1] == []  # Redis says no
        assert [one for one, _ in await client.xclaim(PLACED, "mails", "two", 100, [entry])] == [entry]
        assert await client.xack(PLACED, "mails", entry) == 1

    assert deliveries(run_with(tell, wire)) == [("mails", 1), ("mails", 2)]


def test_an_acknowledgement_that_is_late_is_one_where_nobody_claimed_it(wire: WireWorld) -> None:
    async def tell(client: Any, saga_id: str) -> None:
        await client.xgroup_create(PLACED, "mails", mkstream=True)
        await client.xadd(PLACED, event(saga_id))
        ((_, [(entry, _)]),) = flat(await client.xreadgroup("mails", "one", {PLACED: ">"}, block=500))
        await asyncio.sleep(0.6)
        assert await client.xack(PLACED, "mails", entry) == 1
        assert (await client.xautoclaim(PLACED, "mails", "two", 0))[1] == []

    assert deliveries(run_with(tell, wire)) == [("mails", 1)]


def test_whoever_wants_no_acknowledgement_has_it_once(wire: WireWorld) -> None:
    async def tell(client: Any, saga_id: str) -> None:
        await client.xgroup_create(PLACED, "mails", mkstream=True)
        await client.xadd(PLACED, event(saga_id))
        await client.xreadgroup("mails", "one", {PLACED: ">"}, block=500, noack=True)
        await asyncio.sleep(0.6)
        assert (await client.xautoclaim(PLACED, "mails", "one", 0))[1] == []

    assert deliveries(run_with(tell, wire)) == [("mails", 1)]


def flat(found: Any) -> list[tuple[str, list[Any]]]:
    """Streams and entries, as either version of the protocol has them."""
    pairs = found.items() if isinstance(found, dict) else found or ()
    return [
        (name, entries[0] if entries and isinstance(entries[0], list) else entries) for name, entries in pairs
    ]
