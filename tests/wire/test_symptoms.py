"""Each fault kind on the wire: what the caller sees, what the participant holds, what the receipt says."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import pytest

from harness.plan import FaultPlan
from harness.worlds.wire import WireWorld
from tests.wire.expected import ALL, SHOWN_BY_THE_PROXY, check
from tests.wire.orders import plan, probe, probed, receipts, scenario, sent

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]


@pytest.mark.parametrize(("kind", "variant"), ALL, ids="-".join)
def test_each_kind_shows_its_symptom(world: WireWorld, kind: str, variant: str) -> None:
    check(world, kind, variant, ALL[kind, variant])


def test_nothing_is_struck_without_a_plan(world: WireWorld) -> None:
    history = world.run(scenario(probe), {}, FaultPlan(), "saga-1")
    assert [one.came for one in probed(history)] == [201, 201]
    assert receipts(history) == []
    assert len(sent(history)) == 2
    assert history.began.visible_attempts


@pytest.mark.parametrize("kind", ["lose_request", "reset_after", "cut_reply", "refuse", "slow"])
def test_a_fault_of_two_calls_strikes_two_in_a_row(world: WireWorld, kind: str) -> None:
    history = world.run(scenario(probe), {}, plan(kind, count=2), "saga-1")
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

    history = world.run(scenario(saga), {}, plan("slow"), "saga-1")
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("lose_reply", "latency")]


@pytest.mark.parametrize("variant", ["at_once", "concurrent", "after_reply"])
def test_a_duplicate_is_delivered_twice_and_answered_once(world: WireWorld, variant: str) -> None:
    history = world.run(scenario(probe), {}, plan("duplicate", variant=variant), "saga-1")
    assert [one.came for one in probed(history)] == [201, 201]
    happened = [type(event).__name__ for event in history.events if getattr(event, "call", None) == 1]
    assert happened.count("Delivered") == 2
    answered = happened.index("CallAnswered")
    assert ("Delivered" in happened[answered:]) == (variant == "after_reply")
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("duplicate", None)]
