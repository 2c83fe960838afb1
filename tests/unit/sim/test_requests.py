"""`ctx.request`: a command whose reply comes, comes twice, comes too late, or is nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from harness.adapter.handlers import HandlerContext, MessageEvent, handlers_saga
from harness.bus import Bus
from harness.errors import UsageError
from harness.history import FaultFired, MessageDelivered
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import SagaSpec, Status
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.kit import SHOP
from tests.planted.messages.shop import Shop

Conduct = Callable[[HandlerContext], Awaitable[object]]

COMMANDS = ("Hold", "Count")
EVENTS = ("Placed", *COMMANDS, "Replied", "Done", "Failed")


def run_of(conduct: Conduct, world: SimWorld, *faults: Fault, replies: tuple[str, ...] = ("Replied",)) -> Run:
    """Its saga sends commands to one service, which does each at once, and says which one."""

    async def on_placed(ctx: HandlerContext, event: MessageEvent) -> None:
        try:
            await conduct(ctx)
        except (TimeoutError, httpx.HTTPError) as error:
            ctx.memory["error"] = type(error).__name__
        await ctx.publish("Done", id=f"{event.id}/done")

    async def service(ctx: HandlerContext, event: MessageEvent) -> None:
        if event.type == "Hold":
            body = {"saga_id": ctx.saga_id}
            (await ctx.client.post(f"{ctx.urls['stock']}/holds", json=body)).raise_for_status()
        by = {"correlationid": event.id}
        await ctx.publish("Replied", {"to": event.type}, id=f"{event.id}/reply", attributes=by)

    saga = handlers_saga(
        {"Placed": on_placed, "Hold": service, "Count": service},
        bus="events",
        starts="Placed",
        outcome={"Done": Status.COMPLETED, "Failed": Status.COMPENSATED},
        replies=replies,
    )
    scenario = Scenario(
        name="requests",
        spec=SagaSpec(name="requests", steps=Shop.steps[:1]),
        participants=(SHOP[0], Bus("events", EVENTS)),
        saga=saga,
    )
    return run_once(scenario, {}, FaultPlan(faults), world)


def named(reply: MessageEvent) -> str:
    assert isinstance(reply.data, dict)
    return str(reply.data["to"])


def fired(run: Run) -> list[str]:
    return [one.kind for _, one in run.history.of(FaultFired)]


def test_each_request_hears_its_own_reply(sim: SimWorld) -> None:
    heard: list[Any] = []

    async def conduct(ctx: HandlerContext) -> None:
        both = await asyncio.gather(*(ctx.request(one, timeout_s=5.0) for one in reversed(COMMANDS)))
        heard.extend(named(one) for one in both)

    run = run_of(conduct, sim)
    assert heard == ["Count", "Hold"]
    assert [one.status for one in run.view.sagas] == [Status.COMPLETED]


def test_two_that_ask_with_one_id_hear_the_same_reply(sim: SimWorld) -> None:
    heard: list[Any] = []

    async def conduct(ctx: HandlerContext) -> None:
        both = (
            ctx.request("Count", id="count", timeout_s=5.0),
            ctx.request("Count", id="count", timeout_s=5.0),
        )
        heard.extend(one.id for one in await asyncio.gather(*both))

    run_of(conduct, sim)
    assert heard == ["count/reply"] * 2


def test_a_reply_that_comes_after_its_time_out_finds_nobody(sim: SimWorld) -> None:
    late = Fault(kind="delay_message", operation="events.Replied.deliver", variant="50%")
    heard: list[Any] = []

    async def conduct(ctx: HandlerContext) -> None:
        began_s = asyncio.get_running_loop().time()
        try:
            await ctx.request("Count", timeout_s=5.0)
        except TimeoutError:
            heard.append(round(asyncio.get_running_loop().time() - began_s, 3))
        heard.append(named(await ctx.request("Count", timeout_s=5.0)))

    run = run_of(conduct, sim, late)
    assert (heard, fired(run)) == ([5.0, "Count"], ["delay_message"])
    replies = [one.t_s for _, one in run.history.of(MessageDelivered) if one.subscription == "replies"]
    assert max(replies) > 10.0
    assert [one.status for one in run.view.sagas] == [Status.COMPLETED]


def test_a_reply_says_too_that_the_bus_has_the_command(sim: SimWorld) -> None:
    unheard = Fault(kind="lose_reply", operation="events.Count.publish")
    heard: list[Any] = []

    async def conduct(ctx: HandlerContext) -> None:
        heard.append(named(await ctx.request("Count", timeout_s=5.0)))

    run = run_of(conduct, sim, unheard)
    assert (heard, fired(run)) == (["Count"], ["lose_reply"])


def test_a_command_that_the_bus_never_got_is_told(sim: SimWorld) -> None:
    raised: list[str] = []

    async def conduct(ctx: HandlerContext) -> None:
        try:
            await ctx.request("Count", timeout_s=5.0)
        except httpx.ConnectError as error:
            raised.append(type(error).__name__)

    run = run_of(conduct, sim, Fault(kind="refuse", operation="events.Count.publish"))
    assert (raised, fired(run)) == (["ConnectError"], ["refuse"])


def test_who_names_no_replies_can_wait_for_none(sim: SimWorld) -> None:
    raised: list[str] = []

    async def conduct(ctx: HandlerContext) -> None:
        with pytest.raises(UsageError) as refused:
            await ctx.request("Count", timeout_s=5.0)
        raised.append(str(refused.value))

    run_of(conduct, sim, replies=())
    assert raised == ["ctx.request, replies of the saga: found [], expected the events that are replies"]
