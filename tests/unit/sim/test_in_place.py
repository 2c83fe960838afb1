"""A saga that waits alone lets the world go on in place; what fails in the world is none of its business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from harness.adapter import SagaContext
from harness.participant import Incarnation, RestParticipant
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.sound.test_rules import CREATE, resource, scenario


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
