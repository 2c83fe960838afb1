"""What a saga's module keeps, a client or a lock, belongs to one event loop: all runs have it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from harness.adapter import SagaContext
from harness.plan import FaultPlan
from harness.runner import Run, run_once
from harness.saga import Json
from harness.worlds.wire import WireWorld
from harness.worlds.wire.executors.kept_loops import KeptLoops
from tests.wire.orders import order, plan, scenario

pytestmark = [pytest.mark.wire]


@pytest.fixture
def world() -> Iterator[WireWorld]:
    with WireWorld(proxy="embedded") as made:
        yield made


def three(saga: object, world: WireWorld) -> list[Run]:
    """Fault-free, with a lost reply in the middle, and fault-free again."""
    of = scenario(saga)  # type: ignore[arg-type]
    plans = (FaultPlan(), plan("lose_reply"), FaultPlan())
    return [run_once(of, {}, one, world) for one in plans]


def test_a_client_and_a_lock_of_its_module_serve_every_run(world: WireWorld) -> None:
    kept: dict[str, httpx.AsyncClient] = {}
    lock = asyncio.Lock()
    began: list[str] = []

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        began.append(ctx.saga_id)
        client = kept.setdefault("client", httpx.AsyncClient(trust_env=False))
        async with lock:
            for what in ("reservation", "charge"):
                for _ in range(3):
                    try:
                        (await client.post(**order(ctx, what))).raise_for_status()
                    except httpx.TransportError:
                        continue
                    break
        if len(began) == 3:
            await client.aclose()
        return {"status": "completed"}

    runs = three(saga, world)
    assert [str(one.view.sagas[0].status) for one in runs] == ["completed"] * 3
    assert [bool(one.history.fired()) for one in runs] == [False, True, False]
    assert not any(one.violated for one in runs)


def test_what_a_run_leaves_on_the_loop_does_not_reach_the_next(world: WireWorld) -> None:
    seen: list[str] = []

    async def ticks() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            seen.append("closed")

    async def for_ever() -> None:
        await asyncio.sleep(100)

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        seen.append(f"others {[one.get_name() for one in asyncio.all_tasks()].count('left')}")
        left = asyncio.create_task(for_ever(), name="left")
        left.add_done_callback(lambda task: seen.append(f"cancelled {task.cancelled()}"))
        generator = ticks()
        await anext(generator)
        kept.append(generator)
        for what in ("reservation", "charge"):
            (await ctx.client.post(**order(ctx, what))).raise_for_status()  # type: ignore[misc]
        return {"status": "completed"}

    kept: list[AsyncIterator[int]] = []
    of = scenario(saga)
    for _ in range(2):
        run_once(of, {}, FaultPlan(), world)
    assert seen == ["others 0", "cancelled True", "closed"] * 2


def test_one_is_kept_and_the_others_are_closed() -> None:
    loops = KeptLoops()
    first, second = loops.take(), loops.take()
    loops.give_back(first)
    loops.give_back(second)
    assert second.is_closed()
    assert loops.take() is first
    loops.give_back(first)
    loops.close()
    assert first.is_closed()
    loops.close()
