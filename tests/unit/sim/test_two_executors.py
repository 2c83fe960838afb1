"""Freeze, race and a second start in sim: who runs when, and in which order it is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import socket
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.history import (
    CallFailed,
    CallSent,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    History,
)
from harness.history.events import PhaseBegan
from harness.plan import Fault
from harness.process_faults import ProcessFault
from harness.runner import run_once
from harness.saga import Json, SagaStart, Status
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import plan_of, saga_of, scenario_of

STYLES = pytest.mark.parametrize("style", ["async", "plain"])
HOLD = "stock.hold.create"
TOLD = (ExecutorBegan, ExecutorEnded, ExecutorStruck, ExecutorWoken, PhaseBegan)


def told(history: History) -> list[str]:
    return [
        f"{type(event).__name__.removeprefix('Executor')} {getattr(event, 'executor', '')}".strip()
        for event in history.events
        if isinstance(event, TOLD)
    ]


def fault(kind: str, variant: str = "", operation: str = HOLD, nth: int = 1) -> Fault:
    return Fault(kind=kind, operation=operation, variant=variant, nth=nth)


def both(
    style: str, body: Callable[[SagaContext, Callable[..., Awaitable[object]]], Awaitable[Json]]
) -> CallableSaga:
    """One body for both styles: `do` posts or sleeps, and is awaited in either."""

    async def awaited(ctx: SagaContext, input_: Json) -> Json:
        async def do(at: str = "", what: str = "", *, pause: float = 0) -> object:
            assert isinstance(ctx.client, httpx.AsyncClient)
            if pause:
                await asyncio.sleep(pause)
                return None
            key = {"Idempotency-Key": f"{ctx.saga_id}:{what}"}
            try:
                return await ctx.client.post(f"{ctx.urls[at]}/{what}", json={}, headers=key, timeout=0.5)
            except httpx.HTTPError as error:
                return error

        return await body(ctx, do)

    def plain(ctx: SagaContext, input_: Json) -> Json:
        async def do(at: str = "", what: str = "", *, pause: float = 0) -> object:
            assert isinstance(ctx.client, httpx.Client)
            if pause:
                time.sleep(pause)  # noqa: ASYNC251 - driven by hand, without a loop
                return None
            key = {"Idempotency-Key": f"{ctx.saga_id}:{what}"}
            try:
                return ctx.client.post(f"{ctx.urls[at]}/{what}", json={}, headers=key, timeout=0.5)
            except httpx.HTTPError as error:
                return error

        try:
            body(ctx, do).__await__().send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        raise AssertionError

    return CallableSaga(awaited if style == "async" else plain, style, durable=True)


@STYLES
@pytest.mark.parametrize("variant", ["on_arrival", "applied", "answered"])
def test_a_frozen_one_wakes_once_the_second_has_ended(sim: SimWorld, style: str, variant: str) -> None:
    run = run_once(scenario_of(saga_of(style)), {}, plan_of(fault("pause", variant)), sim)
    expected = "Began 1, Struck 1, Began 2, Ended 2, Woken 1, Ended 1"
    assert ", ".join(told(run.history)) == f"PhaseBegan, {expected}, PhaseBegan, PhaseBegan"
    assert run.history.fired() == {0}
    between = False
    for event in run.history.events:
        between = (between or isinstance(event, ExecutorStruck)) and not isinstance(event, ExecutorWoken)
        if between and isinstance(event, CallSent):
            assert event.executor == 2


@STYLES
def test_a_frozen_one_that_was_about_to_end(sim: SimWorld, style: str) -> None:
    last = fault("pause", "answered", "post.parcel.create")
    run = run_once(scenario_of(saga_of(style)), {}, plan_of(last), sim)
    expected = "Began 1, Struck 1, Began 2, Ended 2, Woken 1, Ended 1"
    assert ", ".join(told(run.history)) == f"PhaseBegan, {expected}, PhaseBegan, PhaseBegan"
    assert run.violated == ()


@STYLES
def test_one_that_finds_another_at_work_is_called_thirty_times_again(sim: SimWorld, style: str) -> None:
    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        if ctx.resumed:
            return {"status": "running"}
        await do("stock", "holds")
        return {"status": "completed"}

    history = sim.run(
        scenario_of(both(style, body)), [SagaStart(id="saga-1", input={})], plan_of(fault("pause"))
    )
    words = told(history)
    assert words.count("Began 32") == 1
    assert "Began 33" not in words
    woken = next(event for event in history.events if isinstance(event, ExecutorWoken))
    struck = next(event for event in history.events if isinstance(event, ExecutorStruck))
    assert woken.t_s - struck.t_s == pytest.approx(3.1)
    assert words[-3:] == ["Ended 1", "PhaseBegan", "PhaseBegan"]


@STYLES
def test_settling_wakes_the_frozen(sim: SimWorld, style: str) -> None:
    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        if ctx.resumed:
            await do(pause=400)
            return {"status": "completed"}
        await do("stock", "holds")
        return {"status": "completed"}

    history = sim.run(
        scenario_of(both(style, body)), [SagaStart(id="saga-1", input={})], plan_of(fault("pause"))
    )
    assert told(history)[-5:] == ["PhaseBegan", "Woken 1", "Ended 1", "Ended 2", "PhaseBegan"]


@STYLES
def test_two_that_race_really_interleave(sim: SimWorld, style: str) -> None:
    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        await do("stock", "holds")
        await do("bank", "charges")
        await do("post", "parcels")
        return {"status": "completed"}

    history = sim.run(
        scenario_of(both(style, body)), [SagaStart(id="saga-1", input={})], plan_of(fault("race"))
    )
    assert told(history)[1:] == [
        *("Began 1", "Struck 1", "Began 2", "Began 3", "Ended 2", "Ended 3", "PhaseBegan", "PhaseBegan")
    ]
    sent = [event.executor for event in history.events if isinstance(event, CallSent)]
    assert sent == [1, 2, 3, 2, 3, 2, 3]


@STYLES
@pytest.mark.parametrize("variant", ["at_once", "later", "after_end"])
def test_a_second_start(sim: SimWorld, style: str, variant: str) -> None:
    run = run_once(scenario_of(saga_of(style)), {}, plan_of(fault("start_twice", variant)), sim)
    began = [event for event in run.history.events if isinstance(event, ExecutorBegan)]
    assert [(one.executor, one.resumed) for one in began] == [(1, False), (2, False)]
    struck = next(event for event in run.history.events if isinstance(event, ExecutorStruck))
    assert struck.process_fault is ProcessFault.START_AGAIN
    ends = [event for event in run.history.events if isinstance(event, ExecutorEnded)]
    assert [(one.executor, one.status) for one in ends] == [(1, "completed"), (2, "completed")]
    sent = [
        event.operation for event in run.history.events if isinstance(event, CallSent) and event.executor == 1
    ]
    assert len(sent) == 3
    if variant == "after_end":
        assert began[1].t_s == pytest.approx(ends[0].t_s + 0.1)
    elif variant == "at_once":
        assert began[1].t_s == pytest.approx(0.001)
    else:
        assert began[1].t_s == pytest.approx(0.003)
    assert run.violated == ()


@STYLES
def test_killing_one_of_two_leaves_the_other_alone(sim: SimWorld, style: str) -> None:
    """The second start lives on in the same store; the first is resumed beside it."""
    plan = plan_of(fault("start_twice", "at_once"), fault("crash", "applied", "bank.charge.create"))
    run = run_once(scenario_of(saga_of(style)), {}, plan, sim)
    assert run.history.fired() == {0, 1}
    ends = {event.executor: event.status for event in run.history.events if isinstance(event, ExecutorEnded)}
    assert ends == {2: "completed", 3: "completed"}
    lost = [event for event in run.history.events if isinstance(event, CallFailed)]
    assert [event.abandoned for event in lost] == [True]
    assert run.violated == ()


def whoami(ctx: SagaContext) -> dict[str, Json]:
    return {
        "pid": os.getpid(),
        "host": [socket.gethostname(), platform.node(), os.uname().nodename],
        "url": ctx.urls["stock"],
    }


@STYLES
def test_another_incarnation_is_another_process_and_a_move_another_node(sim: SimWorld, style: str) -> None:
    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        me: Json = whoami(ctx)
        await do("stock", "holds")
        return {"status": "completed", "detail": me}

    def detail(kind: str) -> Json:
        history = sim.run(
            scenario_of(both(style, body)), [SagaStart(id="saga-1", input={})], plan_of(fault(kind))
        )
        return next(event.detail for event in history.events if isinstance(event, ExecutorEnded))

    assert detail("slow") == {"pid": 4001, "host": ["node1"] * 3, "url": "http://stock.sim"}
    assert detail("crash") == {"pid": 4002, "host": ["node1"] * 3, "url": "http://stock.sim"}
    assert detail("move") == {"pid": 4002, "host": ["node2"] * 3, "url": "http://stock.node2.sim"}
    assert os.getpid() != 4001


def test_the_addresses_of_the_old_node_lead_nowhere(sim: SimWorld) -> None:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert isinstance(ctx.client, httpx.AsyncClient)
        kept = ctx.store_dir / "url"
        if not ctx.resumed:
            kept.write_text(ctx.urls["stock"])
        try:
            await ctx.client.post(f"{kept.read_text()}/holds", json={}, timeout=0.5)
        except httpx.ConnectError as error:
            return {"status": "stuck", "detail": {"error": str(error)}}
        return {"status": "completed"}

    scenario = scenario_of(CallableSaga(saga, "stale", durable=True))
    history = sim.run(scenario, [SagaStart(id="saga-1", input={})], plan_of(fault("move")))
    (ended,) = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert ended.detail == {"error": "nothing listens: stock.sim is no address of this node"}


def cancelled(
    world: SimWorld, handle: Callable[..., Awaitable[Json]], variant: str = "on_arrival"
) -> History:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert isinstance(ctx.client, httpx.AsyncClient)
        try:
            await ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, timeout=0.5)
        except asyncio.CancelledError:
            return await handle(ctx, ctx.client)
        return {"status": "completed"}

    scenario = scenario_of(CallableSaga(saga, "cancelled", durable=True))
    return world.run(scenario, [SagaStart(id="saga-1", input={})], plan_of(fault("cancel", variant)))


def test_a_cancellation_that_comes_out(sim: SimWorld) -> None:
    async def undo(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        await client.delete(f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id})
        raise asyncio.CancelledError

    history = cancelled(sim, undo, "applied")
    (ended,) = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert (ended.cancelled, ended.status, ended.problem) == (True, None, None)
    assert [call.sent.operation for call in history.calls] == [HOLD, "stock.hold.delete_by_saga"]
    assert history.calls[1].effects
    assert history.calls[0].failed is not None
    assert history.calls[0].failed.abandoned


def test_a_cancellation_that_is_swallowed(sim: SimWorld) -> None:
    async def swallow(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        return {"status": "compensated", "detail": {"error": "cancelled"}}

    (ended,) = [event for event in cancelled(sim, swallow).events if isinstance(event, ExecutorEnded)]
    assert (ended.cancelled, ended.status) == (False, Status.COMPENSATED)


@STYLES
def test_the_time_limit_ends_all_that_live(sim: SimWorld, style: str) -> None:
    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        await do("stock", "holds")
        while True:
            await do(pause=1)

    history = sim.run(
        scenario_of(both(style, body)), [SagaStart(id="saga-1", input={})], plan_of(fault("race"))
    )
    ends = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert [(one.executor, one.timed_out) for one in ends] == [(2, True), (3, True)]
    assert all("no outcome within 600 s" in (one.problem or "") for one in ends)


@STYLES
def test_the_most_calls_end_a_frozen_one_too(sim: SimWorld, style: str) -> None:
    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        await do("stock", "holds")
        while True:
            await do("stock", "nothing")

    history = sim.run(
        scenario_of(both(style, body)), [SagaStart(id="saga-1", input={})], plan_of(fault("pause"))
    )
    ends = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert sorted(one.executor for one in ends) == [1, 2]
    assert all(str(one.problem).startswith("the run made more than 10000 calls") for one in ends)


def test_nobody_is_cancelled_twice_and_the_second_call_is_like_any_other(sim: SimWorld) -> None:
    async def undo(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        reply = await client.delete(f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id})
        return {"status": "compensated", "detail": {"error": "cancelled", "undo": reply.status_code}}

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert isinstance(ctx.client, httpx.AsyncClient)
        try:
            await ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, timeout=0.5)
        except asyncio.CancelledError:
            return await undo(ctx, ctx.client)
        return {"status": "completed"}

    plan = plan_of(fault("cancel", "applied"), fault("cancel", "applied", "stock.hold.delete_by_saga"))
    run = run_once(scenario_of(CallableSaga(saga, "cancelled", durable=True)), {}, plan, sim)
    assert run.history.fired() == {0}
    assert [event.detail for event in run.history.events if isinstance(event, ExecutorEnded)] == [
        {"error": "cancelled", "undo": 204}
    ]


def side_by_side(ctx: SagaContext, client: httpx.AsyncClient) -> Awaitable[object]:
    """Two calls at once; what became of them is no concern of these tests."""
    calls = [
        client.post(f"{ctx.urls[at]}/{what}", json={}, headers={"Idempotency-Key": f"{ctx.saga_id}:{what}"})
        for at, what in (("stock", "holds"), ("bank", "charges"))
    ]
    return asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("kind", ["crash", "move", "race", "pause", "start_twice", "cancel"])
def test_no_process_fault_strikes_who_is_frozen(sim: SimWorld, kind: str) -> None:
    """On the wire as here: its second call lands like any other, and it wakes once its standby has ended."""

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert isinstance(ctx.client, httpx.AsyncClient)
        await side_by_side(ctx, ctx.client)
        return {"status": "completed"}

    variant = "at_once" if kind == "start_twice" else "" if kind in ("move", "race") else "applied"
    plan = plan_of(fault("pause", "on_arrival"), fault(kind, variant, "bank.charge.create"))
    history = sim.run(
        scenario_of(CallableSaga(saga, "both", durable=True)), [SagaStart(id="saga-1", input={})], plan
    )
    expected = "Began 1, Struck 1, Began 2, Ended 2, Woken 1, Ended 1"
    assert ", ".join(told(history)) == f"PhaseBegan, {expected}, PhaseBegan, PhaseBegan"
    assert history.fired() == {0}
    charged = next(call for call in history.calls if call.sent.operation == "bank.charge.create")
    assert charged.answered is not None
    assert charged.effects


@STYLES
def test_who_is_frozen_wakes_once_both_that_race_in_its_place_have_ended(sim: SimWorld, style: str) -> None:
    """The first of them finds another at work and is due again when the second one ends."""

    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        started = len(list(ctx.store_dir.iterdir()))
        (ctx.store_dir / f"{started}").touch()
        if started == 2:
            return {"status": "running"}
        await do("stock", "holds")
        return {"status": "completed"}

    plan = plan_of(fault("pause"), fault("race", nth=2))
    words = told(sim.run(scenario_of(both(style, body)), [SagaStart(id="saga-1", input={})], plan))
    assert words[1:5] == ["Began 1", "Struck 1", "Began 2", "Struck 2"]
    assert sorted(words[5:9]) == ["Began 3", "Began 4", "Ended 3", "Ended 4"]
    assert words[9:13] == ["Began 5", "Ended 5", "Woken 1", "Ended 1"]


@STYLES
def test_one_that_was_frozen_as_it_ended_has_an_end_when_the_run_is_over(sim: SimWorld, style: str) -> None:
    async def body(ctx: SagaContext, do: Callable[..., Awaitable[object]]) -> Json:
        await do("stock", "holds")
        while ctx.resumed:
            await do("stock", "nothing")
        return {"status": "completed"}

    history = sim.run(
        scenario_of(both(style, body)),
        [SagaStart(id="saga-1", input={})],
        plan_of(fault("pause", "answered")),
    )
    ends = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert sorted(one.executor for one in ends) == [1, 2]
    assert all(str(one.problem).startswith("the run made more than 10000 calls") for one in ends)


def test_who_answers_running_is_called_again_on_the_node_where_it_was(sim: SimWorld) -> None:
    """Whoever started last has ended long before, elsewhere."""

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert isinstance(ctx.client, httpx.AsyncClient)
        with contextlib.suppress(httpx.HTTPError):
            await ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, timeout=0.5)
        if socket.gethostname() == "node2":
            return {"status": "completed"}
        if not ctx.resumed:
            await asyncio.sleep(1)
            return {"status": "running"}
        return {"status": "completed"}

    plan = plan_of(fault("start_twice", "at_once"), fault("move", nth=2))
    history = sim.run(
        scenario_of(CallableSaga(saga, "twice", durable=True)), [SagaStart(id="saga-1", input={})], plan
    )
    began = [event for event in history.events if isinstance(event, ExecutorBegan)]
    assert [(one.executor, one.node, one.resumed) for one in began] == [
        *((1, 1, False), (2, 1, False), (3, 2, True), (4, 1, True)),
    ]
    assert told(history)[6:] == ["Ended 3", "Ended 1", "PhaseBegan", "Began 4", "Ended 4", "PhaseBegan"]
