"""Faults, settling, and what ends a run."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import Any

import httpx
import pytest

from harness.history import (
    CallAnswered,
    CallFailed,
    Delivered,
    ExecutorBegan,
    Held,
    History,
    Phase,
    PhaseBegan,
    Released,
)
from harness.plan import FaultPlan, Lasting
from harness.plan.decision import Symptom
from harness.saga import SagaStart
from harness.worlds import bounds
from harness.worlds.wire import WireWorld, call_log
from tests.wire.orders import (
    detail,
    effects_of,
    order,
    outcomes,
    plan,
    probe,
    probed,
    receipts,
    scenario,
    sent,
)

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

world = pytest.fixture(name="world")(lambda real_world: real_world)


def settling(history: History) -> int:
    return next(
        index
        for index, event in enumerate(history.events)
        if isinstance(event, PhaseBegan) and event.phase is Phase.SETTLING
    )


def first(history: History, kind: type, call: int) -> int:
    return next(
        index
        for index, event in enumerate(history.events)
        if isinstance(event, kind) and getattr(event, "call", None) == call
    )


async def charge_then_undo(ctx: Any, input_: object) -> object:
    with contextlib.suppress(httpx.TransportError):
        await ctx.client.post(**order(ctx, "charge"))
    await ctx.client.delete(f"{ctx.urls['payments']}/charges", params={"saga_id": ctx.saga_id})
    return {"status": "compensated"}


# Late deliveries ---------------------------------------------------------------------------------


def test_late_after_the_retry(world: WireWorld) -> None:
    history = world.run(
        scenario(probe), [SagaStart(id="saga-1", input={})], plan("late", variant="after_retry")
    )
    assert [one.came for one in probed(history)] == ["ReadTimeout", 201]
    held, landed = first(history, Held, 1), first(history, Delivered, 1)
    assert held < first(history, CallFailed, 1) < first(history, Delivered, 2) < landed
    assert landed < first(history, CallAnswered, 2)
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("late", "timeout")]


def test_late_after_the_undo(world: WireWorld) -> None:
    history = world.run(
        scenario(charge_then_undo), [SagaStart(id="saga-1", input={})], plan("late", variant="after_undo")
    )
    assert first(history, CallAnswered, 2) < first(history, Delivered, 1) < settling(history)
    assert effects_of(history, 1) == []  # the undo left a tombstone
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("late", "timeout")]


def test_late_while_settling(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        with contextlib.suppress(httpx.ReadTimeout):
            await ctx.client.post(**order(ctx, "charge"))
        return {"status": "compensated"}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], plan("late", variant="settling"))
    assert settling(history) < first(history, Released, 1) < first(history, Delivered, 1)
    assert effects_of(history, 1) == ["created"]
    assert [(one.kind, one.toxic) for one in receipts(history)] == [("late", "timeout")]


def test_an_effect_of_a_task_that_outlives_the_return_counts(world: WireWorld) -> None:
    kept: list[asyncio.Task[None]] = []

    async def saga(ctx: Any, input_: object) -> object:
        async def later() -> None:
            await asyncio.sleep(0.1)
            await ctx.client.post(**order(ctx, "charge"))

        kept.append(asyncio.create_task(later()))
        return {"status": "completed"}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert effects_of(history, 1) == ["created"]
    assert settling(history) < first(history, Delivered, 1)


def test_an_effect_of_a_thread_that_outlives_the_return_counts(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        def later() -> None:
            time.sleep(0.1)
            httpx.post(**order(ctx, "charge"))

        threading.Thread(target=later).start()
        return {"status": "completed"}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert effects_of(history, 1) == ["created"]
    assert [one.problem for one in outcomes(history)] == [None]


# Outages -----------------------------------------------------------------------------------------


def test_an_outage_begins_after_a_reply_and_ends_after_n_refusals(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        seen = []
        for what in ("reservation", "charge", "reservation", "charge", "charge", "charge"):
            try:
                seen.append((await ctx.client.post(**order(ctx, what))).status_code)
            except httpx.TransportError as error:
                seen.append(type(error).__name__)
        return {"status": "completed", "detail": seen}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], plan("outage", count=2))
    assert outcomes(history)[0].detail == [201, 201, 201, "ConnectError", "ConnectError", 201]
    assert [(one.kind, one.call, one.toxic) for one in receipts(history)] == [
        ("outage", 4, "disabled"),
        ("outage", 5, "disabled"),
    ]
    assert history.began.visible_attempts


def test_an_outage_for_ever_ends_when_patience_does(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        made = 0
        while made < 2:
            try:
                await ctx.client.post(**order(ctx, "charge"))
                made += 1
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
        return {"status": "completed"}

    history = world.run(
        scenario(saga, patience_s=0.3),
        [SagaStart(id="saga-1", input={})],
        plan("outage", count=Lasting.FOR_EVER),
    )
    assert outcomes(history)[0].status == "completed"
    assert 0.3 <= history.events[settling(history)].t_s < 0.4


def test_a_fault_spares_calls_of_other_tasks(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        async def one() -> object:
            try:
                return (await ctx.client.post(**order(ctx, "charge"))).status_code
            except httpx.TransportError as error:
                return type(error).__name__

        return {"status": "completed", "detail": await asyncio.gather(one(), one(), one())}

    for kind, came in (
        ("lose_reply", "ReadTimeout"),
        ("reset_before", "ReadError"),
        ("refuse", "ConnectError"),
    ):
        history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], plan(kind, nth=2))
        assert sorted(map(str, detail(history))) == ["201", "201", came]
        assert [one.fault for one in receipts(history)] == [0]


# Executors ---------------------------------------------------------------------------------------


def test_a_saga_that_answers_running_is_called_again(world: WireWorld) -> None:
    calls: list[int] = []

    def saga(ctx: Any, input_: object) -> object:
        calls.append(1)
        assert ctx.resumed == (len(calls) > 1)
        httpx.post(**order(ctx, "charge"))
        return {"status": "running" if len(calls) < 3 else "completed"}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert [one.status for one in outcomes(history)] == ["running", "running", "completed"]
    assert [one.executor for one in sent(history)] == [1, 2, 3]
    began = [event for event in history.events if isinstance(event, ExecutorBegan)]
    assert began[1].t_s - outcomes(history)[0].t_s >= 0.1


def test_a_saga_that_goes_on_answering_running_ends_at_the_limit(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        return {"status": "running"}

    history = world.run(scenario(saga, time_limit_s=0.35), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert [one.status for one in outcomes(history)] == ["running"] * 4
    assert history.events[-1].t_s < 0.6


@pytest.mark.parametrize("hang", ["sleeping", "blocking", "spinning", "plain", "swallowing"])
def test_a_saga_that_hangs_is_ended(world: WireWorld, hang: str) -> None:
    async def sleeping(ctx: Any, input_: object) -> None:
        await asyncio.sleep(60)

    async def blocking(ctx: Any, input_: object) -> None:
        time.sleep(60)  # noqa: ASYNC251 - that is the mistake

    async def spinning(ctx: Any, input_: object) -> None:
        while True:
            pass

    def plain(ctx: Any, input_: object) -> None:
        time.sleep(60)

    async def swallowing(ctx: Any, input_: object) -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    saga = locals()[hang]
    began_s = time.monotonic()
    history = world.run(
        scenario(saga, time_limit_s=0.2, patience_s=0.1), [SagaStart(id="saga-1", input={})], FaultPlan()
    )
    [ended] = outcomes(history)
    assert ended.timed_out
    assert ended.problem is not None
    assert ended.problem.startswith("no outcome within 0.2 s after everything had healed")
    assert time.monotonic() - began_s < 3


def test_a_saga_that_raises(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        raise SystemExit(3)

    [ended] = outcomes(world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan()))
    line = saga.__code__.co_firstlineno + 1
    assert ended.problem == f"the saga raised SystemExit: 3 (test_phases.py:{line})"


def test_a_saga_that_returns_nonsense(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        return "fine"

    [ended] = outcomes(world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan()))
    assert ended.problem == "the saga returned: found 'fine', expected an Outcome or {'status': …}"


def test_a_thread_left_behind_is_a_problem(world: WireWorld) -> None:
    stop = threading.Event()

    def saga(ctx: Any, input_: object) -> object:
        threading.Thread(target=stop.wait, name="straggler", daemon=True).start()
        return {"status": "completed"}

    history = world.run(scenario(saga, time_limit_s=0.2), [SagaStart(id="saga-1", input={})], FaultPlan())
    stop.set()
    assert [one.problem for one in outcomes(history)] == [None, "the saga left behind: thread straggler"]


def test_a_pool_without_work_is_no_thread_left_behind(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        await asyncio.to_thread(time.sleep, 0)
        return {"status": "completed"}

    assert [
        one.problem for one in outcomes(world.run(scenario(saga), [SagaStart(id="s", input={})], FaultPlan()))
    ] == [None]


def test_settling_breaks_off_who_waits_without_a_time_out(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        with contextlib.suppress(httpx.TransportError):
            await ctx.client.post(**{**order(ctx, "charge"), "timeout": None})
        return {"status": "stuck"}

    history = world.run(
        scenario(saga, patience_s=0.2), [SagaStart(id="saga-1", input={})], plan("lose_reply")
    )
    assert sent(history)[0].endless
    failed = history.events[first(history, CallFailed, 1)]
    assert isinstance(failed, CallFailed)
    assert (failed.broken_off, failed.symptom) == (True, Symptom.RESET)
    assert outcomes(history)[0].status == "stuck"


def test_a_run_ends_after_too_many_calls(world: WireWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        while True:
            with contextlib.suppress(Exception):
                await ctx.client.get(f"{ctx.urls['payments']}/charges", params={"saga_id": ctx.saga_id})

    monkeypatch.setattr(call_log, "MOST_CALLS", 20)
    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    [ended] = outcomes(history)
    assert (len(sent(history)), ended.problem) == (20, "the run made more than 20 calls")


def test_a_tight_loop_of_undos_is_ended_after_a_few_calls(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        await ctx.client.post(**order(ctx, "charge"))
        while True:
            with contextlib.suppress(httpx.TransportError):
                await ctx.client.delete(f"{ctx.urls['payments']}/charges", params={"saga_id": ctx.saga_id})

    undo = plan("error_before", "payments.charge.delete_by_saga", count=Lasting.FOR_EVER)
    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], undo)
    why = "the compensation of step charge was repeated 7 times under min_gap_s"
    assert history.ended_early == why
    assert len(sent(history)) < 20
    [ended] = outcomes(history)
    assert (ended.problem, ended.timed_out) == (f"the run was ended early: {why}", True)


def test_who_undoes_as_often_with_a_pause_is_not(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        await ctx.client.post(**order(ctx, "charge"))
        for _ in range(10):
            await ctx.client.delete(f"{ctx.urls['payments']}/charges", params={"saga_id": ctx.saga_id})
            await asyncio.sleep(0.03)
        return {"status": "stuck"}

    undo = plan("error_before", "payments.charge.delete_by_saga", count=Lasting.FOR_EVER)
    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], undo)
    assert history.ended_early == ""
    assert len(sent(history)) == 11


def test_resumes_are_a_tenth_of_a_second_apart() -> None:
    assert bounds.RESUME_AFTER_S == 0.1
