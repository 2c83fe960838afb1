"""Whose call it is, in sim: calls of runs that are over, and a scenario that says so itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from harness.errors import ScenarioError
from harness.history import CallSent, ExecutorEnded, History
from harness.participant import Owner, Request
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.saga import SagaStart
from harness.worlds.sim import SimWorld
from tests.wire.orders import order, scenario


def sent(history: History) -> list[str]:
    return [event.saga_id for event in history.events if isinstance(event, CallSent)]


def came(history: History) -> object:
    (ended,) = [event for event in history.events if isinstance(event, ExecutorEnded)]
    return ended.detail


def test_a_late_call_of_an_earlier_run_is_no_call_of_this_one(sim: SimWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        came = []
        for named in ("saga-earlier", ctx.saga_id):
            try:
                reply = httpx.post(**{**order(ctx, "charge"), "json": {"saga_id": named}})
                came.append(str(reply.status_code))
            except httpx.TransportError as error:
                came.append(type(error).__name__)
        return {"status": "completed", "detail": came}

    before = sim.run(scenario(saga), [SagaStart(id="saga-now", input={})], FaultPlan())
    assert sent(before) == ["saga-earlier", "saga-now"]
    sim.run(scenario(saga), [SagaStart(id="saga-earlier", input={})], FaultPlan())
    history = sim.run(scenario(saga), [SagaStart(id="saga-now", input={})], FaultPlan())
    assert sent(history) == ["saga-now"]
    assert came(history) == ["RemoteProtocolError", "201"]


def test_a_saga_that_goes_on_with_what_an_earlier_run_left_is_told_from_this_one(sim: SimWorld) -> None:
    """The same plan again: the ids differ by what is behind the dot alone."""
    pending: list[str] = []

    def saga(ctx: Any, input_: object) -> object:
        for named in pending:
            with suppress(httpx.TransportError):
                httpx.delete(f"{ctx.urls['payments']}/charges?saga_id={named}")
        pending[:] = [ctx.saga_id]
        return {"status": "completed", "detail": httpx.post(**order(ctx, "charge")).status_code}

    for _ in range(2):
        run = run_once(scenario(saga), {}, FaultPlan(), sim)
        assert [call.sent.method for call in run.history.calls] == ["POST"]


def test_whose_a_call_is_may_be_said_by_the_scenario(sim: SimWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        with suppress(Exception):
            httpx.post(**order(ctx, "charge"))
        return {"status": "completed"}

    def whose(participant: str, request: Request, ruled: Owner, /) -> Owner:
        return Owner(saga_id=f"{ruled.saga_id}-{participant}", step=ruled.step)

    def fails(participant: str, request: Request, ruled: Owner, /) -> Owner:
        raise KeyError(participant)

    history = sim.run(replace(scenario(saga), whose=whose), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert sent(history) == ["saga-1-payments"]
    with pytest.raises(ScenarioError, match=r"whose.., POST /charges at payments: found .KeyError"):
        sim.run(replace(scenario(saga), whose=fails), [SagaStart(id="saga-1", input={})], FaultPlan())
