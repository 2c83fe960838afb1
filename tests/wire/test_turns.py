"""Sagas that take turns on the wire: a call is held at the fault injector, as the same plan has it in sim."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.history import ExecutorEnded, History, Passed, TurnPassed
from harness.loader.toml_file import load_toml
from harness.plan import Fault, FaultPlan, Preemption, Site
from harness.runner import Run, run_once
from harness.saga import Json, Overlap
from harness.search.guided import StopAsked
from harness.search.interleavings import Interleavings
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.test_overlap import ALL
from tests.unit.sim import journal
from tests.unit.sim.journal import saga_of, scenario_of

HOLD, CHARGE, PARCEL = "stock.hold.create", "bank.charge.create", "post.parcel.create"
PLANS = {
    "one after the other": FaultPlan(sagas=2),
    "to its end": FaultPlan((), (Preemption(saga=1, operation=CHARGE, run=2),), 2),
    "to a call": FaultPlan(
        (), (Preemption(saga=1, operation=CHARGE, run=2, until=Site(operation=PARCEL)),), 2
    ),
    "twice": FaultPlan(
        (),
        (
            Preemption(saga=1, operation=HOLD, run=2, until=Site(operation=CHARGE)),
            Preemption(saga=1, operation=PARCEL, run=2),
        ),
        2,
    ),
    "three": FaultPlan((), (Preemption(saga=1, operation=HOLD, run=3),), 3),
    "with a refusal": FaultPlan(
        (Fault(kind="reject", operation=CHARGE, saga=1),),
        (Preemption(saga=1, operation="stock.hold.delete_by_saga", run=2),),
        2,
    ),
}


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the wire calls wait at the door in real time, and the machine may be slow."""
    asked = journal._request
    monkeypatch.setattr(journal, "_request", lambda *given: {**asked(*given), "timeout": 10.0})


def told(history: History) -> list[str]:
    """Which saga's request was handled, and which saga ended, in that order."""
    numbers = {id_: number for number, id_ in enumerate(history.began.saga_ids, 1)}
    events = [
        (call.deliveries[0], f"{numbers[call.sent.saga_id]} {call.sent.operation}")
        for call in history.calls
        if call.deliveries
    ]
    ends = [(index, f"{numbers[one.saga_id]} {one.status}") for index, one in history.of(ExecutorEnded)]
    return [text for _, text in sorted([*events, *ends])]


def passed(history: History) -> list[tuple[int, Passed, int | None]]:
    numbers = {id_: number for number, id_ in enumerate(history.began.saga_ids, 1)}
    return [(numbers[one.saga_id], one.why, one.preemption) for _, one in history.of(TurnPassed)]


def in_sim(scenario_name: str, plan: FaultPlan) -> Run:
    with SimWorld() as world:
        return run_once(scenario_of(saga_of(scenario_name)), {}, plan, world)


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("style", ["async", "plain"])
@pytest.mark.parametrize("name", list(PLANS))
def test_both_worlds_do_the_same(name: str, style: str) -> None:
    plan = PLANS[name]
    simulated = in_sim(style, plan)
    with WireWorld(proxy="embedded") as world:
        real = run_once(scenario_of(saga_of(style)), {}, plan, world)
    assert told(real.history) == told(simulated.history)
    assert passed(real.history) == passed(simulated.history)
    assert not real.violated
    assert not simulated.violated


@pytest.mark.parametrize("name", ["lost update", "undo of another's work", "dirty read"])
def test_a_broken_saga_is_found_there_too(name: str) -> None:
    twins = ALL[name]
    with WireWorld(proxy="embedded") as world:
        run = run_once(twins.scenario("broken"), {}, twins.plan, world)
    messages = {one.invariant: one.message for one in run.violated}
    assert messages["isolation"].startswith(twins.says)


def test_a_caller_that_leaves_while_it_is_held_has_lost_its_request() -> None:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        second = ctx.saga_id.endswith("-2")
        for _ in range(3):
            try:
                await ctx.client.get(  # type: ignore[misc]
                    f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id}, timeout=0.1
                )
            except httpx.ReadTimeout:
                continue
            if second:
                await asyncio.sleep(0.3)
            return {"status": "compensated"}
        return {"status": "stuck"}

    plan = FaultPlan((), (Preemption(saga=1, operation="stock.hold.find", run=2),), 2)
    with WireWorld(proxy="embedded") as world:
        run = run_once(scenario_of(CallableSaga(saga, "leaves")), {}, plan, world)
    held = run.history.calls[0]
    assert held.failed is not None
    assert not held.deliveries
    assert [(one.kind, one.toxic) for one in held.faults] == [("lose_request", "held")]


def test_the_search_goes_there_too() -> None:
    scenario = ALL["lost update"].scenario("broken")
    search = Interleavings(enabled_faults(scenario, "wire"), scenario, Overlap(preemptions=1))
    with WireWorld(proxy="embedded") as world:
        found = list(search.run(LocalJobRunner(scenario, world), StopAsked()))
    assert {one.plan for one in found if "isolation" in one.violated} >= {ALL["lost update"].plan}
    assert any("overlap" in one.situations for one in found)


def test_commands_take_turns(tmp_path: Path) -> None:
    """A command that marks what it read to be free is found beside another one."""
    (tmp_path / "saga.py").write_text(PROGRAM)
    (tmp_path / "saga.toml").write_text(COMMAND)
    plan = FaultPlan((), (Preemption(saga=1, operation="hall.seat.book", run=2),), 2)
    with WireWorld(proxy="embedded") as world:
        run = run_once(load_toml("saga.toml", tmp_path / "saga.toml"), {"seat": "7"}, plan, world)
    (message,) = [one.message for one in run.judgements if one.message]
    assert message.startswith("lost update: ")


PROGRAM = """
import json, os, sys, urllib.request
saga, url = sys.argv[2], os.environ["SAGA_HALL_URL"] + "/seats/7?saga_id=" + sys.argv[2]

def ask(method, body=None):
    for _ in range(5):
        head = {"Idempotency-Key": saga + ":book"} if body else {}
        sent = urllib.request.Request(url, data=body, method=method, headers=head)
        try:
            with urllib.request.urlopen(sent, timeout=5) as reply:
                return json.loads(reply.read())
        except (OSError, ValueError):
            pass
    return None

seen = ask("GET")
free = seen is not None and seen["state"] == "free"
booked = free and ask("PUT", json.dumps({"saga_id": saga, "state": "booked"}).encode())
status = "completed" if booked else "compensated"
print("OUTCOME " + json.dumps({"status": status, "detail": {"error": "taken"}}))
"""

COMMAND = """
format_version = 1
name = "command"
saga = { adapter = "subprocess", command = ["python3", "-S", "-E", "saga.py"] }
steps = [{ name = "book", action = "hall.seat.book", compensation = "hall.seat.free" }]

[participants.hall.resources.seat]
kind = "state"
states = ["free", "booked"]
get = "GET /seats/{id}"

[participants.hall.resources.seat.transitions]
book = { route = "PUT /seats/{id}", from = ["free", "booked"], to = "booked" }
free = { route = "PUT /seats/{id}", from = "booked", to = "free", undoes = "book" }
"""


def test_async_sagas_of_a_run_share_what_belongs_to_a_loop() -> None:
    """As two tasks of one service do: a client, a lock and a queue of their module serve both."""
    kept: dict[str, httpx.AsyncClient] = {}
    ended: list[str] = []
    lock, told_by, loops = asyncio.Lock(), asyncio.Queue[str](), set()

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        client = kept.setdefault("client", httpx.AsyncClient(trust_env=False, timeout=60))
        loops.add(asyncio.get_running_loop())
        asked = {"url": f"{ctx.urls['stock']}/holds", "params": {"saga_id": ctx.saga_id}}
        await client.get(**asked)  # type: ignore[arg-type]
        async with lock:
            await client.get(**asked)  # type: ignore[arg-type]
        if ctx.saga_id.endswith("-2"):
            await told_by.put(ctx.saga_id)
        else:
            assert await told_by.get() == f"{ctx.saga_id}-2"
            ended.append(ctx.saga_id)
            if len(ended) == 2:
                await client.aclose()
        return {"status": "compensated", "detail": {"error": "nothing to do"}}

    plan = FaultPlan((), (Preemption(saga=1, operation="stock.hold.find", nth=2, run=2),), 2)
    with WireWorld(proxy="embedded") as world:
        runs = [run_once(scenario_of(CallableSaga(saga, "shares")), {}, plan, world) for _ in range(2)]
    assert [[str(one.status) for one in run.view.sagas] for run in runs] == [["compensated"] * 2] * 2
    assert not any(run.violated for run in runs)
    assert len(loops) == 1, "and the next run has it, too"


def test_one_that_stops_the_loop_ends_the_run_all_the_same() -> None:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        if ctx.saga_id.endswith("-2"):
            time.sleep(4)  # noqa: ASYNC251 - that is the mistake
        await ctx.client.get(f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id})  # type: ignore[misc]
        raise SystemExit(3)

    scenario = replace(scenario_of(CallableSaga(saga, "stops")), time_limit_s=1.0)
    with WireWorld(proxy="embedded") as world:
        stopped = run_once(scenario, {}, FaultPlan(sagas=2), world)
        again = run_once(scenario_of(saga_of("async")), {}, FaultPlan(sagas=2), world)
    problems = [one.problem for _, one in stopped.history.of(ExecutorEnded)]
    assert "SystemExit" in str(problems[0])
    assert "no outcome within" in str(problems[1])
    assert [str(one.status) for one in again.view.sagas] == ["completed"] * 2
