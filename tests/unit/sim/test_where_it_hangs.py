"""A saga that never comes back is told with the line of its own code at which it waits, in both worlds."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.adapter import SagaContext
from harness.history import ExecutorEnded
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.wire.orders import scenario

FOR_EVER_S = 1e6


async def nap() -> None:
    await asyncio.sleep(FOR_EVER_S)


async def deep(ctx: SagaContext, _: Any) -> None:
    await nap()


async def polls(ctx: SagaContext, _: Any) -> None:
    while True:
        assert isinstance(ctx.client, httpx.AsyncClient)
        await ctx.client.get(f"{ctx.urls['payments']}/charges", params={"saga_id": ctx.saga_id})
        await nap()


async def waits(ctx: SagaContext, _: Any) -> None:
    await asyncio.Event().wait()


async def both(ctx: SagaContext, _: Any) -> None:
    await asyncio.gather(deep(ctx, _), waits(ctx, _))


def sleeps(ctx: SagaContext, _: Any) -> None:
    time.sleep(FOR_EVER_S)


def blocked(ctx: SagaContext, _: Any) -> None:
    threading.Event().wait()


def at(function: Callable[..., Any], line: int = 1) -> str:
    return f"test_where_it_hangs.py:{function.__code__.co_firstlineno + line}"


HANGS: dict[Callable[..., Any], str] = {
    deep: at(nap),
    polls: at(nap),
    waits: at(waits),
    both: f"{at(both)}, and its other tasks at {at(nap)}, {at(waits)}",
    sleeps: at(sleeps),
    blocked: at(blocked),
}


def problem(saga: Callable[..., Any], world: World) -> str | None:
    one = scenario(saga, time_limit_s=0.3, patience_s=0.2)
    run = run_once(one, {}, FaultPlan(), world)
    (ended,) = [event for _, event in run.history.of(ExecutorEnded)]
    assert ended.timed_out
    return ended.problem


@pytest.mark.parametrize("saga", HANGS)
def test_in_sim(saga: Callable[..., Any]) -> None:
    with SimWorld() as world:
        said = problem(saga, world)
    assert said == f"no outcome within 0.3 s after everything had healed: it waits at {HANGS[saga]}"


@pytest.mark.wire
def test_on_the_wire() -> None:
    with WireWorld("embedded", progress=print) as world:
        said = {saga: problem(saga, world) for saga in HANGS}
    late = "no outcome within 0.3 s after everything had healed: it waits at"
    assert said == {saga: f"{late} {where}" for saga, where in HANGS.items()}
