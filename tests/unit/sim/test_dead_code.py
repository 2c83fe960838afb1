"""A dead executor never runs another line before its run has been judged, and reaches nothing afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.clock import DeadLock
from harness.history import CallSent, ExecutorEnded
from harness.plan import Fault, FaultPlan
from harness.saga import Json, SagaStart, Status
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import plan_of, scenario_of

BOUNDARIES = pytest.mark.parametrize("boundary", ["before_send", "on_arrival", "applied", "answered"])

lines: list[str] = []
stores: list[Path] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    lines.clear()
    stores.clear()


@contextmanager
def _noisy(word: str) -> Iterator[None]:
    try:
        yield
    finally:
        lines.append(word)


def _key(ctx: SagaContext, step: str) -> dict[str, str]:
    return {"Idempotency-Key": f"{ctx.saga_id}:{step}"}


async def awaited(ctx: SagaContext, input_: Json) -> Json:
    assert isinstance(ctx.client, httpx.AsyncClient)
    client = ctx.client
    stores.append(ctx.store_dir)
    (ctx.store_dir / "began").write_text(str(ctx.resumed))
    if ctx.resumed:
        await asyncio.sleep(5)
        lines.append(f"resumed with {sorted(one.name for one in ctx.store_dir.iterdir())}")
        return {"status": "completed"}

    async def beside() -> None:
        with _noisy("background"):
            await asyncio.sleep(1)
            lines.append("background woke")
            (ctx.store_dir / "late").write_text("x")
            await client.post(f"{ctx.urls['stock']}/holds", json={}, headers=_key(ctx, "other"))

    task = asyncio.get_running_loop().create_task(beside())
    asyncio.get_running_loop().call_later(1, lines.append, "timer")
    try:
        with _noisy("with"):
            for step, at, what in (("hold", "stock", "holds"), ("charge", "bank", "charges")):
                await client.post(f"{ctx.urls[at]}/{what}", json={}, headers=_key(ctx, step), timeout=2)
    except BaseException as error:
        lines.append(f"except {type(error).__name__}")
        raise
    finally:
        lines.append("finally")
        (stores[0] / "finally").write_text("x")
        await client.delete(f"{ctx.urls['stock']}/holds")
    await task
    return {"status": "completed"}


def plain(ctx: SagaContext, input_: Json) -> Json:
    assert isinstance(ctx.client, httpx.Client)
    stores.append(ctx.store_dir)
    (ctx.store_dir / "began").write_text(str(ctx.resumed))
    if ctx.resumed:
        time.sleep(5)
        lines.append(f"resumed with {sorted(one.name for one in ctx.store_dir.iterdir())}")
        return {"status": "completed"}
    try:
        with _noisy("with"):
            for step, at, what in (("hold", "stock", "holds"), ("charge", "bank", "charges")):
                ctx.client.post(f"{ctx.urls[at]}/{what}", json={}, headers=_key(ctx, step), timeout=2)
    except BaseException as error:
        lines.append(f"except {type(error).__name__}")
        raise
    finally:
        lines.append("finally")
        (stores[0] / "finally").write_text("x")
        ctx.client.delete(f"{ctx.urls['stock']}/holds")
    return {"status": "completed"}


def crash(boundary: str) -> FaultPlan:
    return plan_of(Fault(kind="crash", operation="stock.hold.create", variant=boundary))


@BOUNDARIES
@pytest.mark.parametrize("saga", [awaited, plain])
def test_its_lines_run_when_all_is_over_and_reach_nothing(saga: object, boundary: str) -> None:
    scenario = scenario_of(CallableSaga(saga, "dead", durable=True))  # type: ignore[arg-type]
    with SimWorld() as sim:
        history = sim.run(scenario, [SagaStart(id="saga-1", input={})], crash(boundary))
        assert lines[0] == "resumed with ['began']"
        assert "finally" in lines[1:]
        assert "timer" not in lines
        assert "background woke" not in lines
        sent = [event.operation for event in history.events if isinstance(event, CallSent)]
        assert sent == ["stock.hold.create", *(["bank.charge.create"] if boundary == "answered" else [])]
        assert stores[0] != stores[1]
        again = sim.run(scenario, [SagaStart(id="saga-2", input={})], FaultPlan())
        assert [type(event).__name__ for event in again.events].count("CallFailed") == 0


async def stubborn_awaited(ctx: SagaContext, input_: Json) -> Json:
    assert isinstance(ctx.client, httpx.AsyncClient)
    while not ctx.resumed:
        try:
            await ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, headers=_key(ctx, "hold"))
        except BaseException:  # noqa: BLE001 - what this is about
            lines.append("swallowed")
    return {"status": "completed"}


def stubborn(ctx: SagaContext, input_: Json) -> Json:
    assert isinstance(ctx.client, httpx.Client)
    while not ctx.resumed:
        try:
            ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, headers=_key(ctx, "hold"))
        except BaseException:  # noqa: BLE001 - what this is about
            lines.append("swallowed")
    return {"status": "completed"}


def sleepy(ctx: SagaContext, input_: Json) -> Json:
    assert isinstance(ctx.client, httpx.Client)
    while not ctx.resumed:
        try:
            ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, headers=_key(ctx, "hold"))
        except BaseException:  # noqa: BLE001 - what this is about
            while True:
                try:
                    time.sleep(1)
                except BaseException:  # noqa: BLE001 - what this is about
                    lines.append("swallowed")
    return {"status": "completed"}


@BOUNDARIES
@pytest.mark.parametrize("saga", [stubborn_awaited, stubborn, sleepy])
def test_one_that_swallows_its_end_hangs_nobody(sim: SimWorld, saga: object, boundary: str) -> None:
    scenario = scenario_of(CallableSaga(saga, "stubborn", durable=True))  # type: ignore[arg-type]
    plan = crash(boundary)
    history = sim.run(scenario, [SagaStart(id="saga-1", input={})], plan)
    assert [event.status for event in history.events if isinstance(event, ExecutorEnded)] == ["completed"]
    assert len(lines) < 1000
    assert sim.run(scenario, [SagaStart(id="saga-1", input={})], plan).events == history.events


@pytest.mark.parametrize("saga", [stubborn, sleepy])
def test_one_that_swallows_the_end_of_the_run_does_not_either(sim: SimWorld, saga: object) -> None:
    """Ended early, or by the time limit: it is left where it stands."""
    scenario = scenario_of(CallableSaga(saga, "stubborn"))  # type: ignore[arg-type]
    away = plan_of(Fault(kind="lose_request", operation="stock.hold.create"))
    history = sim.run(scenario, [SagaStart(id="saga-1", input={})], away)
    (ended,) = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert ended.timed_out
    assert ended.status is None


def locked(ctx: SagaContext, input_: Json) -> Json:
    assert isinstance(ctx.client, httpx.Client)
    log = sqlite3.connect(ctx.store_dir / "log.db", timeout=0, isolation_level=None)
    log.execute("create table if not exists word (word)")
    found = [word for (word,) in log.execute("select word from word")]
    log.execute("insert into word values ('kept')")
    log.execute("begin immediate")
    log.execute("insert into word values ('in a transaction')")
    if not ctx.resumed:
        ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, headers=_key(ctx, "hold"))
    log.execute("commit")
    log.close()
    return {"status": "completed", "detail": found}


@BOUNDARIES
def test_what_was_not_committed_is_gone_and_its_locks_too(sim: SimWorld, boundary: str) -> None:
    scenario = scenario_of(CallableSaga(locked, "locked", durable=True))
    history = sim.run(scenario, [SagaStart(id="saga-1", input={})], crash(boundary))
    (ended,) = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert (ended.status, ended.problem) == (Status.COMPLETED, None)
    assert ended.detail == (["kept", "in a transaction"] if boundary == "answered" else ["kept"])


async def forlorn(ctx: SagaContext, input_: Json) -> Json:
    await asyncio.get_running_loop().create_future()
    return {"status": "completed"}


def test_who_waits_for_ever_is_told_the_time_limit(sim: SimWorld) -> None:
    history = sim.run(
        scenario_of(CallableSaga(forlorn, "forlorn")), [SagaStart(id="saga-1", input={})], FaultPlan()
    )
    (ended,) = [event for event in history.events if isinstance(event, ExecutorEnded)]
    assert ended.timed_out
    line = forlorn.__code__.co_firstlineno + 1
    waits = f"it waits at test_dead_code.py:{line}"
    assert ended.problem == f"no outcome within 600 s after everything had healed: {waits}"
    assert DeadLock.__name__ not in str(ended)
