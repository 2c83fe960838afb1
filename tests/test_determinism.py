"""Same scenario, input and plan: byte-identical history, in another process and under any hash seed too."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.history.codec import encode_history
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import run_once
from harness.saga import Claim, Json
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY
from tests.planted.kit import CHARGE, HOLD, PARCEL, SHOP, spec_of
from tests.planted.sagas import Task
from tests.unit.sim.journal import saga_of, scenario_of

TASKS = (HOLD, CHARGE, PARCEL)


def request_of(ctx: SagaContext, task: Task, method: str = "POST") -> dict[str, object]:
    undo = method == "DELETE"
    return {
        "method": task.undo_by if undo else "POST",
        "url": f"{ctx.urls[task.at]}{task.undo_path if undo else task.path}",
        "params": {"saga_id": ctx.saga_id},
        "json": {} if task.undo_by == "POST" or not undo else None,
        "headers": {"Idempotency-Key": f"{ctx.saga_id}:{task.name}{':undo' if undo else ''}"},
        "timeout": 0.2,
    }


async def parallel(ctx: SagaContext, input_: Json) -> Json:
    """All steps at once, with jitter; the first failure cancels the others, undos run at once too."""
    assert isinstance(ctx.client, httpx.AsyncClient)
    client = ctx.client
    seen: list[str] = []

    async def act(task: Task) -> None:
        await asyncio.sleep(random.uniform(0, 0.05))
        for attempt in range(3):
            try:
                reply = await client.request(**request_of(ctx, task))  # type: ignore[arg-type]
                reply.raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.05 * (attempt + random.random()))
            else:
                seen.append(task.name)
                return
        raise ValueError(task.name)

    try:
        async with asyncio.TaskGroup() as group:
            for task in TASKS:
                group.create_task(act(task))
    except ExceptionGroup as failed:
        undos = [client.request(**request_of(ctx, task, "DELETE")) for task in TASKS]  # type: ignore[arg-type]
        await asyncio.gather(*undos, return_exceptions=True)
        return {"status": "compensated", "detail": {"error": repr(failed.exceptions), "seen": seen}}
    return {"status": "completed", "detail": {"seen": seen, "id": str(uuid.uuid4())}}


def plain(ctx: SagaContext, input_: Json) -> Json:
    """A plain function, one step after the other."""
    assert isinstance(ctx.client, httpx.Client)
    return _in_turn(ctx, ctx.client)


def own_client(ctx: SagaContext, input_: Json) -> Json:
    """Makes its own client for every run."""
    with httpx.Client(trust_env=False) as client:
        return _in_turn(ctx, client)


def _in_turn(ctx: SagaContext, client: httpx.Client) -> Json:
    began_s = time.monotonic()
    for task in TASKS:
        for _ in range(3):
            try:
                client.request(**request_of(ctx, task)).raise_for_status()  # type: ignore[arg-type]
                break
            except httpx.HTTPError:
                time.sleep(random.uniform(0.02, 0.08))
        else:
            return {"status": "stuck", "detail": {"error": task.name, "after_s": time.monotonic() - began_s}}
    return {"status": "completed", "detail": {"id": uuid.uuid4().hex, "noise": os.urandom(4).hex()}}


PLANS = (
    FaultPlan(),
    FaultPlan(
        (
            Fault(kind="lose_reply", operation="stock.hold.create"),
            Fault(kind="throttle", operation="bank.charge.create", count=2, variant="429"),
        )
    ),
    FaultPlan(
        (
            Fault(kind="late", operation="bank.charge.create", variant="after_undo"),
            Fault(kind="outage", operation="stock.hold.create", count=3),
            Fault(kind="error_before", operation="post.parcel.create", count=Lasting.FOR_EVER),
        )
    ),
    FaultPlan((Fault(kind="reset_before", operation="post.parcel.create", count=Lasting.FOR_EVER),)),
)


def own(function: Callable[[SagaContext, Json], object]) -> Scenario:
    return Scenario(
        name=function.__name__,
        spec=spec_of(TASKS, SHOP),
        participants=SHOP,
        saga=CallableSaga(function, function.__name__),
    )


def registered(name: str) -> tuple[Scenario, tuple[FaultPlan, ...]]:
    scenario = REGISTRY[name]()
    create = scenario.spec.steps[1].action
    kinds = ["lose_reply", "slow", "partial", "late"]
    if Claim.PROCESS_DEATH in scenario.spec.claims:
        kinds.append("crash")
    return scenario, tuple(FaultPlan((Fault(kind=kind, operation=create, count=2),)) for kind in kinds)


PROCESS_FAULTS = (
    ("crash", "before_send"),
    ("crash", "answered"),
    ("move", ""),
    ("race", ""),
    ("pause", "applied"),
    ("start_twice", "at_once"),
)


def struck() -> Iterator[tuple[Scenario, FaultPlan]]:
    """Process faults to sagas with a journal, and to one that neither knows of them nor of an order."""
    for saga in (saga_of("async"), saga_of("plain"), CallableSaga(parallel, "parallel", durable=True)):
        for kind, variant in PROCESS_FAULTS:
            process_fault = Fault(kind=kind, operation="bank.charge.create", variant=variant)
            lost = Fault(kind="lose_request", operation="post.parcel.create", count=Lasting.FOR_EVER)
            yield scenario_of(saga), FaultPlan((process_fault, lost))


def cases() -> Iterator[tuple[Scenario, FaultPlan]]:
    yield from struck()
    for scenario in (own(parallel), own(plain), own(own_client)):
        yield from ((scenario, plan) for plan in PLANS)
    for name in REGISTRY:
        scenario, plans = registered(name)
        if "sim" in scenario.saga.worlds:
            yield from ((scenario, plan) for plan in plans)


def fingerprints() -> list[str]:
    """One a case; its name, so that a difference is told by name, and the hash of its bytes."""
    with SimWorld() as world:
        runs = [run_once(scenario, scenario.inputs[0], plan, world) for scenario, plan in cases()]
    return [
        f"{run.scenario} {len(run.history.events)} {hashlib.sha256(encode_history(run.history)).hexdigest()}"
        for run in runs
    ]


@cache
def here() -> tuple[str, ...]:
    return tuple(fingerprints())


def test_in_the_same_process() -> None:
    assert tuple(fingerprints()) == here()


def test_whatever_ran_before() -> None:
    with SimWorld() as world:
        backwards = [run_once(one, one.inputs[0], plan, world) for one, plan in reversed(list(cases()))]
    prints = [hashlib.sha256(encode_history(run.history)).hexdigest() for run in reversed(backwards)]
    assert prints == [one.rpartition(" ")[2] for one in here()]


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_in_another_process_under_any_hash_seed(hash_seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_determinism"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    assert json.loads(done.stdout) == list(here())


def test_the_cases_are_worth_comparing() -> None:
    """Steps overlap, faults strike, sagas abort: or equality would say little."""
    with SimWorld() as world:
        runs = [run_once(own(parallel), {}, plan, world) for plan in PLANS]
    assert {run.view.sagas[0].status for run in runs} == {"completed", "compensated"}
    assert all(run.history.fired() for run in runs[1:])
    starts = [call.sent.t_s for call in runs[0].history.calls]
    ends = [call.end_s for call in runs[0].history.calls if call.end_s is not None]
    assert max(starts) < max(ends)
    assert len({round(one, 6) for one in starts}) == 3


if __name__ == "__main__":
    print(json.dumps(fingerprints()))  # noqa: T201 - for the process that compares
