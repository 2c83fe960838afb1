"""Several sagas in one run on the wire: each with its own executor, calls and outcome."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.bench.samples import samples_of
from harness.errors import UsageError
from harness.history import CallSent, EffectApplied, ExecutorBegan, ExecutorEnded
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_sagas
from harness.saga import SagaStart
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from tests.unit.bench.slow_sagas import at_once
from tests.wire.orders import CHARGE, order
from tests.wire.sagas import journal, scenario, service, statuses, violated

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

world = pytest.fixture(name="world")(lambda real_world: real_world)

EIGHT = tuple(SagaStart(id=f"beside-{number}", input={}) for number in range(8))
REFUSED = FaultPlan((Fault(kind="reject", operation=CHARGE, count=Lasting.FOR_EVER),))


def plain(ctx: SagaContext, input_: object) -> dict[str, Any]:
    assert isinstance(ctx.client, httpx.Client)
    for what in ("reservation", "charge"):
        if ctx.client.post(**order(ctx, what)).is_error:
            ctx.client.delete(f"{ctx.urls['inventory']}/reservations", params={"saga_id": ctx.saga_id})
            return {"status": "compensated", "detail": {"error": "refused"}}
    return {"status": "completed"}


def sagas(name: str) -> Scenario:
    if name == "http":
        return service()
    function = {"async": at_once, "plain": plain}[name]
    return scenario(CallableSaga(function, function.__name__))


def whose_calls(done: Run) -> set[tuple[int, str]]:
    """(executor, saga) of every call."""
    return {(one.executor, one.saga_id) for one in done.history.events if isinstance(one, CallSent)}


@pytest.mark.parametrize("name", ["async", "plain", "http"])
@pytest.mark.parametrize("plan", [FaultPlan(), REFUSED], ids=["nothing", "refused"])
def test_each_saga_has_its_executor_its_calls_and_its_outcome(
    world: WireWorld, name: str, plan: FaultPlan
) -> None:
    done = run_sagas(sagas(name), EIGHT, plan, world)
    assert violated(done) == {}
    assert statuses(done) == ["compensated" if plan.faults else "completed"] * 8
    assert whose_calls(done) == {(number, one.id) for number, one in enumerate(EIGHT, 1)}
    kept = [one for one in done.history.events if isinstance(one, EffectApplied)]
    assert {one.saga_id for one in kept} == {one.id for one in EIGHT}


async def slowly(ctx: SagaContext, input_: object) -> Any:
    await asyncio.sleep(0.3)
    return await at_once(ctx, {})


def test_they_really_overlap(world: WireWorld) -> None:
    """All of them have begun before the first one has ended."""
    done = run_sagas(scenario(CallableSaga(slowly, "slowly")), EIGHT, FaultPlan(), world)
    events = done.history.events
    ended = next(at for at, one in enumerate(events) if isinstance(one, ExecutorEnded))
    assert sum(isinstance(one, ExecutorBegan) for one in events[:ended]) == 8


def test_each_begins_when_it_is_to(world: WireWorld) -> None:
    starts = [SagaStart(id=f"timed-{number}", input={}, at_s=0.2 * number) for number in range(3)]
    done = run_sagas(sagas("async"), starts, REFUSED, world)
    began = [one.t_s for one in done.history.events if isinstance(one, ExecutorBegan)]
    assert [later - before >= 0.15 for before, later in pairwise(began)] == [True, True]
    assert all(one.compensation is not None for one in samples_of(done.history, starts))


async def never(ctx: SagaContext, input_: object) -> dict[str, Any]:
    if ctx.saga_id == EIGHT[1].id:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
    return await at_once(ctx, {})  # type: ignore[return-value]


def test_one_that_never_ends_keeps_nobody_else_from_ending(world: WireWorld) -> None:
    of = scenario(CallableSaga(never, "never"), time_limit_s=1.0, patience_s=0.5)
    done = run_sagas(of, EIGHT[:3], FaultPlan(), world)
    assert statuses(done) == ["completed", None, "completed"]
    assert "termination" in violated(done)


@pytest.mark.parametrize("plan", [FaultPlan(), REFUSED], ids=["nothing", "refused"])
def test_commands_run_beside_each_other_each_with_its_own_journal(world: WireWorld, plan: FaultPlan) -> None:
    done = run_sagas(journal(), EIGHT[:4], plan, world)
    assert violated(done) == {}
    assert statuses(done) == ["compensated" if plan.faults else "completed"] * 4
    assert whose_calls(done) == {(number, one.id) for number, one in enumerate(EIGHT[:4], 1)}
    events = done.history.events
    ended = next(at for at, one in enumerate(events) if isinstance(one, ExecutorEnded))
    assert sum(isinstance(one, ExecutorBegan) for one in events[:ended]) == 4


def test_a_command_that_never_ends_is_ended_and_keeps_nobody_else(world: WireWorld, tmp_path: Path) -> None:
    program = "import os, sys, time\nif sys.argv[2] == 'beside-1':\n    time.sleep(60)\n"
    (tmp_path / "saga.py").write_text(program + 'print(\'OUTCOME {"status": "compensated"}\')\n')
    command = SubprocessSaga(command=(sys.executable, "-S", "-E", "saga.py"), cwd=tmp_path)
    done = run_sagas(scenario(command, time_limit_s=1.0, patience_s=0.5), EIGHT[:3], FaultPlan(), world)
    assert statuses(done) == ["compensated", None, "compensated"]
    assert set(violated(done)) >= {"termination"}


def test_a_service_that_makes_its_own_ids_runs_alone(world: WireWorld) -> None:
    of = service()
    assert isinstance(of.saga, HttpSaga)
    made = replace(of, saga=replace(of.saga, fields=replace(of.saga.fields, made_id="id")))
    with pytest.raises(UsageError, match="8 sagas side by side on the wire: found 'a service that makes"):
        run_sagas(made, EIGHT, FaultPlan(), world)


def test_the_next_run_of_the_service_is_undisturbed(world: WireWorld) -> None:
    of = service()
    for number in range(2):
        starts = [SagaStart(id=f"again-{number}-{one}", input={}) for one in range(3)]
        assert violated(run_sagas(of, starts, REFUSED, world)) == {}
