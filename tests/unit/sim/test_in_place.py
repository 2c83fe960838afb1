"""A saga that waits alone lets the world go on in place: nothing that happens is different for it.

And what fails in the world is none of its business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import httpx
import pytest

from harness.adapter import SagaContext
from harness.faults.enabled import enabled_faults
from harness.history.codec import encode_events
from harness.loading import load
from harness.participant import Incarnation, RestParticipant
from harness.plan import Fault, FaultPlan, Site
from harness.runner import run_once
from harness.scenario import Scenario
from harness.search.agenda import fault_at
from harness.worlds.sim import SimWorld
from harness.worlds.sim.greenlets import Greenlets
from tests.planted.messages.scenario import QUICK
from tests.planted.messages.shop import Shop
from tests.sound.test_rules import CREATE, resource, scenario
from tests.sound.test_styles import scenario_of

EVERY = 7
"""Of the single faults of a saga one in so many is tried."""

TELLING = ("poison_message",)
"""Under these a call and another task of the saga get their answers at once."""


def histories(scenario: Scenario) -> list[bytes]:
    """Of a run without faults, and of some with one."""
    enabled = enabled_faults(scenario, "sim")
    faults = [
        fault_at(possible, Site(operation=operation, nth=1))
        for operation, all_of_them in enabled.possible.items()
        for possible in all_of_them
    ]
    chosen = (one for index, one in enumerate(faults) if index % EVERY == 0 or one.kind in TELLING)
    plans = [FaultPlan(), *(FaultPlan((one,)) for one in chosen)]
    with SimWorld() as world:
        return [encode_events(run_once(scenario, scenario.inputs[0], plan, world).history) for plan in plans]


async def hurries(ctx: SagaContext, input_: object) -> object:
    """Gives up by timers of its loop, in the middle of a call and beside it."""
    client, url = ctx.client, f"{ctx.urls['shop']}/holds"
    assert isinstance(client, httpx.AsyncClient)
    with suppress(TimeoutError, httpx.TransportError):
        async with asyncio.timeout(0.0015):
            await client.post(url, json={"saga_id": ctx.saga_id})
    with suppress(TimeoutError, httpx.TransportError):
        await asyncio.wait_for(client.post(url, json={"saga_id": ctx.saga_id}), 0.002)
    asyncio.get_running_loop().call_later(0.001, lambda: None)
    with suppress(httpx.TransportError):
        await client.request("DELETE", url, params={"saga_id": ctx.saga_id})
    return {"status": "stuck"}


SAGAS: dict[str, Callable[[], Scenario]] = {
    "hurries": lambda: scenario(hurries),
    "in memory": lambda: load("order-fulfilment"),
    "by messages": lambda: Shop().scenario(promise=QUICK),
    **{
        style: partial(scenario_of, style)
        for style in ("task_group", "plain_function", "asyncio_run_inside", "undo_in_the_background")
    },
}


@pytest.mark.parametrize("name", list(SAGAS))
def test_it_is_as_if_it_had_been_switched_away(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_place = histories(SAGAS[name]())
    with monkeypatch.context() as patch:
        patch.setattr(Greenlets, "waited_in_place", lambda *_: False)
        assert histories(SAGAS[name]()) == in_place
    patched = 0
    waited = Greenlets.waited_in_place

    def counted(self: Greenlets, until_s: float, stop: Callable[[], bool]) -> bool:
        nonlocal patched
        came = waited(self, until_s, stop)
        patched += came
        return came

    monkeypatch.setattr(Greenlets, "waited_in_place", counted)
    histories(SAGAS[name]())
    assert patched, "else two equal things were compared"


class BrokenShopError(Exception):
    """A mistake in the scenario's own participant."""


class BrokenShop(RestParticipant):
    def created(self, incarnation: Incarnation, fields: object) -> dict[str, object]:  # type: ignore[override]
        raise BrokenShopError


def broken(saga: Callable[..., object]) -> Scenario:
    return replace(scenario(saga), participants=(BrokenShop("shop", (resource(),)),))


async def swallows(ctx: SagaContext, input_: object) -> object:
    try:
        await ctx.client.post(f"{ctx.urls['shop']}/holds", json={"saga_id": ctx.saga_id})  # type: ignore[misc]
    except Exception:  # noqa: BLE001 - that is what is tested
        return {"status": "completed"}
    return {"status": "completed"}


def swallows_plainly(ctx: SagaContext, input_: object) -> object:
    try:
        httpx.post(f"{ctx.urls['shop']}/holds", json={"saga_id": ctx.saga_id})
    except BaseException:  # noqa: BLE001 - that is what is tested
        return {"status": "completed"}
    return {"status": "completed"}


async def sends_plainly_while_awaited(ctx: SagaContext, input_: object) -> object:
    return swallows_plainly(ctx, input_)


@pytest.mark.parametrize("saga", [swallows, swallows_plainly, sends_plainly_while_awaited])
@pytest.mark.parametrize(
    "faults",
    [
        (),
        (Fault(kind="slow", operation=CREATE),),
        (Fault(kind="crash", operation=CREATE, variant="answered"),),  # handed over, as somebody may die
    ],
)
def test_a_mistake_in_a_participant_ends_the_run_and_no_saga_can_swallow_it(
    sim: SimWorld, saga: Callable[..., object], faults: tuple[Fault, ...]
) -> None:
    with pytest.raises(BrokenShopError):
        run_once(broken(saga), {}, FaultPlan(faults), sim)


async def waits_for_ever(ctx: SagaContext, input_: object) -> None:
    await asyncio.Event().wait()


def test_who_waits_in_place_when_the_run_is_over_is_ended(sim: SimWorld) -> None:
    run = run_once(scenario(waits_for_ever), {}, FaultPlan(), sim)
    assert "termination" in {one.invariant for one in run.violated}
    (end,) = run.history.ends(run.saga_id)
    assert end.timed_out
