"""Each fault kind on the wire: what the caller sees, what the participant holds, what the receipt says."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from harness.history import CallAnswered, CallSent, Delivered
from harness.plan import FaultPlan
from harness.saga import Claim, SagaStart
from harness.worlds.wire import WireWorld
from tests.wire.expected import ALL, SHOWN_BY_THE_PROXY, check
from tests.wire.orders import detail, order, plan, probe, probed, receipts, scenario, sent

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]


@pytest.mark.parametrize(("kind", "variant"), ALL, ids="-".join)
def test_each_kind_shows_its_symptom(world: WireWorld, kind: str, variant: str) -> None:
    check(world, kind, variant, ALL[kind, variant])


def test_nothing_is_struck_without_a_plan(world: WireWorld) -> None:
    history = world.run(scenario(probe), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert [one.came for one in probed(history)] == [201, 201]
    assert receipts(history) == []
    assert len(sent(history)) == 2
    assert history.began.visible_attempts


@pytest.mark.parametrize("kind", ["lose_request", "reset_after", "cut_reply", "refuse", "slow"])
def test_a_fault_of_two_calls_strikes_two_in_a_row(world: WireWorld, kind: str) -> None:
    history = world.run(scenario(probe), [SagaStart(id="saga-1", input={})], plan(kind, count=2))
    expected = SHOWN_BY_THE_PROXY[kind, "latency" if kind == "slow" else ""]
    assert [one.came for one in probed(history)] == [expected.came, expected.came]
    assert [one.call for one in receipts(history)] == [1, 2]


def test_a_slow_reply_whose_caller_has_left_is_a_lost_one(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        with suppress(httpx.ReadTimeout):
            await ctx.client.post(
                f"{ctx.urls['payments']}/charges", json={"saga_id": ctx.saga_id}, timeout=0.02
            )
        return {"status": "completed"}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], plan("slow"))
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("lose_reply", "latency")]


@pytest.mark.parametrize(("variant", "least_s"), [("60%", 0.28), ("95%", 0.45), ("200ms", 0.19), ("", 0.045)])
def test_a_slow_reply_comes_when_its_variant_says(world: WireWorld, variant: str, least_s: float) -> None:
    """A plan of sim means the same here, where the caller's time-out is known."""
    history = world.run(
        scenario(waiting(0.5)), [SagaStart(id="saga-1", input={})], plan("slow", variant=variant)
    )
    ((sent,), (answered,)) = (
        [event.t_s for event in history.events if isinstance(event, kind)]
        for kind in (CallSent, CallAnswered)
    )
    assert least_s <= answered - sent < least_s + 0.25
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("slow", "latency")]


def test_a_reply_that_would_come_too_late_and_may_not_be_lost_loses_the_request(world: WireWorld) -> None:
    claimless = scenario(waiting(0.1))
    claimless = replace(claimless, spec=replace(claimless.spec, claims=frozenset()))
    history = world.run(claimless, [SagaStart(id="saga-1", input={})], plan("slow", variant="150%"))
    assert [one.fault for one in receipts(history)] == [0]
    assert not any(isinstance(event, Delivered) for event in history.events)
    lossy = world.run(
        scenario(waiting(0.1)), [SagaStart(id="saga-2", input={})], plan("slow", variant="150%")
    )
    assert [(one.fault, one.kind) for one in receipts(lossy)] == [(0, "lose_reply")]
    assert any(isinstance(event, Delivered) for event in lossy.events)


@pytest.mark.parametrize("client", ["httpx", "urllib"])
def test_a_slow_reply_comes_at_once_when_all_settles(world: WireWorld, client: str) -> None:
    """It was slow all the same: its caller waited for it until then."""
    began_s = time.perf_counter()
    saga = waiting(30.0) if client == "httpx" else waiting_unseen
    history = world.run(
        scenario(saga, patience_s=0.3), [SagaStart(id="saga-1", input={})], plan("slow", variant="20000ms")
    )
    assert time.perf_counter() - began_s < 5
    assert any(isinstance(event, CallAnswered) for event in history.events)
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("slow", "latency")]


@pytest.mark.parametrize(("path", "toxic"), [("/charges", "latency"), ("/charges/gone", "slow_close")])
def test_a_reply_without_a_body_is_late_as_a_whole(world: WireWorld, path: str, toxic: str) -> None:
    """After a 204 nobody waits for the connection to close."""

    async def saga(ctx: Any, input_: object) -> object:
        began_s = time.monotonic()
        reply = await ctx.client.delete(f"{ctx.urls['payments']}{path}", params={"saga_id": ctx.saga_id})
        return {"status": "completed", "detail": [reply.status_code, time.monotonic() - began_s]}

    verb = "delete" if "gone" in path else "delete_by_saga"
    slow = plan("slow", f"payments.charge.{verb}", variant="slow_close")
    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], slow)
    status, took_s = detail(history)
    assert (status, [one.toxic for one in receipts(history)]) == (404 if "gone" in path else 204, [toxic])
    assert took_s >= 0.045


def waiting(timeout_s: float) -> Any:
    """A saga of one call, with a time-out of its own."""

    async def saga(ctx: Any, input_: object) -> object:
        with suppress(httpx.ReadTimeout):
            await ctx.client.post(
                f"{ctx.urls['payments']}/charges", json={"saga_id": ctx.saga_id}, timeout=timeout_s
            )
        return {"status": "completed"}

    return saga


def waiting_unseen(ctx: Any, input_: object) -> object:
    """The same with a client that nobody sees."""
    body = json.dumps({"saga_id": ctx.saga_id}).encode()
    with urllib.request.urlopen(f"{ctx.urls['payments']}/charges", data=body, timeout=30.0):
        return {"status": "completed"}


def test_who_is_kept_waiting_until_all_settles_met_a_slow_reply(world: WireWorld) -> None:
    """Whoever may lose no reply waits for the participant; its reply was slow all the same."""
    asked = scenario(waiting_unseen, patience_s=0.3)
    asked = replace(asked, spec=replace(asked.spec, claims=frozenset()))
    history = world.run(asked, [SagaStart(id="saga-1", input={})], plan("slow", variant="20000ms"))
    assert [one.kind for one in receipts(history)] == ["slow"]


@pytest.mark.parametrize("variant", ["at_once", "concurrent", "after_reply"])
def test_a_duplicate_is_delivered_twice_and_answered_once(world: WireWorld, variant: str) -> None:
    history = world.run(
        scenario(probe), [SagaStart(id="saga-1", input={})], plan("duplicate", variant=variant)
    )
    assert [one.came for one in probed(history)] == [201, 201]
    happened = [type(event).__name__ for event in history.events if getattr(event, "call", None) == 1]
    assert happened.count("Delivered") == 2
    answered = happened.index("CallAnswered")
    assert ("Delivered" in happened[answered:]) == (variant == "after_reply")
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("duplicate", None)]


def test_a_fault_of_a_process_that_can_strike_nobody_leaves_no_receipt(world: WireWorld) -> None:
    """An executor is cancelled once: the second cancel is spared, and its call is like any other."""

    async def saga(ctx: Any, input_: object) -> object:
        for _ in range(2):
            with suppress(BaseException):
                await ctx.client.post(**order(ctx, "charge"))
        return {"status": "completed"}

    cancels = (*plan("cancel").faults, *plan("cancel", nth=2).faults)
    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan(cancels))
    assert [(one.fault, one.kind) for one in receipts(history)] == [(0, "cancel")]


@pytest.mark.parametrize("claims", [frozenset(), frozenset({Claim.LOST_REPLY})], ids=["", "lost_reply"])
def test_whoever_leaves_a_slow_call_by_itself_loses_what_it_may_lose(
    world: WireWorld, claims: frozenset[Claim]
) -> None:
    """It gives up long before its read time-out, which nobody could know when the call was sent."""

    async def impatient(ctx: Any, input_: object) -> object:
        with suppress(TimeoutError):
            await asyncio.wait_for(ctx.client.post(**{**order(ctx, "charge"), "timeout": 2.0}), 0.2)
        return {"status": "completed"}

    asked = scenario(impatient)
    asked = replace(asked, spec=replace(asked.spec, claims=claims))
    history = world.run(asked, [SagaStart(id="saga-1", input={})], plan("slow", variant="600ms"))
    lost = "lose_reply" if claims else "lose_request"
    assert [(one.kind, one.fault) for one in receipts(history)] == [(lost, 0)]
    assert any(isinstance(event, Delivered) for event in history.events) is bool(claims)


def test_whoever_may_lose_no_reply_and_stays_has_a_slow_one(world: WireWorld) -> None:
    asked = scenario(waiting(1.0))
    asked = replace(asked, spec=replace(asked.spec, claims=frozenset()))
    history = world.run(asked, [SagaStart(id="saga-1", input={})], plan("slow", variant="300ms"))
    ((sent,), (landed,), (answered,)) = (
        [event.t_s for event in history.events if isinstance(event, kind)]
        for kind in (CallSent, Delivered, CallAnswered)
    )
    assert [one.kind for one in receipts(history)] == ["slow"]
    assert landed - sent >= 0.29
    assert answered - sent < 0.55
