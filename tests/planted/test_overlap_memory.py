"""Sagas that wait for each other in memory: locks of asyncio and of threads, planted beside sound twins.

Two locks in opposite orders, which needs different inputs; and a lock of threads that is held over an
`await`, where the saga that waits for it stops the loop of both.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.plan import FaultPlan, Preemption
from harness.runner import run_once
from harness.saga import Json
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.test_overlap import check_found, check_passes, held
from tests.unit.sim.journal import saga_of, scenario_of

HOLD, CHARGE = "stock.hold.create", "bank.charge.create"
EACH_WAY: tuple[Json, ...] = ({"locks": [0, 1]}, {"locks": [1, 0]})
OPPOSITE = FaultPlan((), (Preemption(saga=1, operation=HOLD, run=2),), 2, (EACH_WAY[1],))

of_the_loop = (asyncio.Lock(), asyncio.Lock())
first, second = threading.Lock(), threading.Lock()
again = threading.RLock()
Saga = Callable[[SagaContext, Json], Awaitable[Json]]


def order(input_: Json, *, always_alike: bool) -> list[int]:
    assert isinstance(input_, Mapping)
    locks = input_["locks"]
    assert isinstance(locks, list)
    return sorted(locks) if always_alike else locks


def two_of_asyncio(*, always_alike: bool) -> Saga:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        one, other = (of_the_loop[number] for number in order(input_, always_alike=always_alike))
        assert isinstance(ctx.client, httpx.AsyncClient)
        async with one:
            await ctx.client.post(f"{ctx.urls['stock']}/holds", **call(ctx, "hold"))
            async with other:
                await ctx.client.post(f"{ctx.urls['bank']}/charges", **call(ctx, "charge"))
                await ctx.client.post(f"{ctx.urls['post']}/parcels", **call(ctx, "parcel"))
        return {"status": "completed"}

    return saga


def two_of_threads(*, always_alike: bool) -> Callable[[SagaContext, Json], Json]:
    def saga(ctx: SagaContext, input_: Json) -> Json:
        locks = (first, second)
        one, other = (locks[number] for number in order(input_, always_alike=always_alike))
        assert isinstance(ctx.client, httpx.Client)
        with one:
            ctx.client.post(f"{ctx.urls['stock']}/holds", **call(ctx, "hold"))
            with other, again, again:
                ctx.client.post(f"{ctx.urls['bank']}/charges", **call(ctx, "charge"))
                ctx.client.post(f"{ctx.urls['post']}/parcels", **call(ctx, "parcel"))
        return {"status": "completed"}

    return saga


def call(ctx: SagaContext, step: str) -> dict[str, Any]:
    return {"json": {"saga_id": ctx.saga_id}, "headers": {"Idempotency-Key": f"{ctx.saga_id}:{step}"}}


async def stops_the_loop(ctx: SagaContext, input_: Json) -> Json:
    """Broken: whoever comes next waits for the lock, and nobody can give it back."""
    with first:
        return await saga_of("async").function(ctx, input_)  # type: ignore[misc,no-any-return]


async def waits_on_the_loop(ctx: SagaContext, input_: Json) -> Json:
    async with of_the_loop[0]:
        return await saga_of("async").function(ctx, input_)  # type: ignore[misc,no-any-return]


def scenario(saga: CallableSaga, inputs: tuple[Json, ...] = ({},)) -> Scenario:
    return replace(scenario_of(saga), inputs=inputs, only=("isolation", "termination"))


DOES = (
    "deadlock in memory",
    "takes two locks of asyncio or of threads, in another order than another saga",
    OPPOSITE,
    "takes them in one order",
)
MADE = {"asyncio": two_of_asyncio, "threads": two_of_threads}


@pytest.mark.parametrize("locks", list(MADE))
def test_two_locks_in_opposite_orders(locks: str, sim: SimWorld) -> None:
    broken = CallableSaga(MADE[locks](always_alike=False), "each way")
    check_found(scenario(broken, EACH_WAY), "deadlock: saga saga-", OPPOSITE, sim)
    sound = CallableSaga(MADE[locks](always_alike=True), "alike")
    check_passes(scenario(sound, EACH_WAY), sim)


def test_a_lock_of_threads_over_an_await_stops_the_loop_of_all(sim: SimWorld) -> None:
    check_found(scenario(CallableSaga(stops_the_loop, "stops")), "deadlock: saga saga-", held(HOLD), sim)
    check_passes(scenario(CallableSaga(waits_on_the_loop, "waits")), sim)


@pytest.mark.parametrize("locks", list(MADE))
def test_both_lines_are_named(locks: str, sim: SimWorld) -> None:
    broken = CallableSaga(MADE[locks](always_alike=False), "each way")
    run = run_once(scenario(broken, EACH_WAY), EACH_WAY[0], OPPOSITE, sim)
    (found,) = (one for one in run.judgements if one.invariant == "isolation")
    one, two = run.history.began.saga_ids
    assert found.message.count("test_overlap_memory.py:") == 2
    assert f"deadlock: saga {one} at " in found.message
    assert f" and saga {two} at " in found.message
    assert found.message.endswith("wait for each other")
