"""A cancellation that has to be sent twice, and a saga that sends it once and then gives up.

It says nothing wrong: each time it ends stuck, with a cause. It was never seen to undo anything either,
but where a fault delivered its undo twice; so it is no pass, two faults deep as little as one.
"""

from __future__ import annotations

import asyncio

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.campaign.required import coverage
from harness.campaign.verdict import judge
from harness.participant import Repeats, RestParticipant, UndoAnswers
from harness.report_model import ScenarioVerdict
from harness.saga import Json, SagaSpec, Step
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.kit import BY_SAGA, resource, search

ROOMS = resource("room", BY_SAGA, repeats=Repeats.NONE, undo_answers=UndoAnswers.ACCEPTED)
SPEC = SagaSpec(
    name="booking",
    steps=(Step(name="book", action="hotel.room.create", compensation="hotel.room.delete_by_saga"),),
)


def booking(attempts: int) -> Scenario:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert isinstance(ctx.client, httpx.AsyncClient)
        url = f"{ctx.urls['hotel']}/rooms?saga_id={ctx.saga_id}"
        try:
            reply = await ctx.client.post(url, timeout=0.5)
            if reply.status_code == httpx.codes.CREATED and reply.json()["id"]:
                return {"status": "completed"}
        except (httpx.TransportError, ValueError):
            pass
        for attempt in range(attempts):
            try:
                undone = await ctx.client.delete(url, timeout=0.5)
                if undone.status_code in (200, 204, 404, 410):
                    return {"status": "compensated"}
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1 * 2**attempt)
        return {"status": "stuck"}

    return Scenario(
        name="booking",
        spec=SPEC,
        participants=(RestParticipant("hotel", (ROOMS,)),),
        saga=CallableSaga(saga, "booking"),
    )


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("attempts", [6, 1])
def test_an_undo_that_only_a_fault_completes_was_never_seen(sim: SimWorld, attempts: int, depth: int) -> None:
    one = booking(attempts)
    found = search(one, sim, depth)
    assert found.told == {}
    verdict, lacking = judge(one, found.aggregate, coverage(one, "sim", found.aggregate))
    if attempts == 1:
        assert verdict is ScenarioVerdict.INCONCLUSIVE
        assert any("Situation compensation was never seen" in sentence for sentence in lacking)
    else:
        assert (verdict, lacking) == (ScenarioVerdict.PASS, ())
