"""A callable whose process is struck runs in one: through a host, by the scenario's reference."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.adapter.host import line, read_host
from harness.errors import UsageError
from harness.history import ExecutorBegan, ExecutorEnded
from harness.loader import load_scenario
from harness.packages import python_m
from harness.plan import FaultPlan
from harness.processes import Command, Group, Watch
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.two_steps import TWO_STEPS
from tests.wire.orders import CHARGE, outcomes
from tests.wire.sagas import RESERVE, executors, plan, process_faults, run, statuses, violated, woken

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

world = pytest.fixture(name="world")(lambda real_world: real_world)

SAGAS = """
import asyncio, httpx, os

STEPS = (("reservation", "inventory"), ("charge", "payments"))


async def insist(ctx, method, what, service, key):
    for attempt in range(6):
        try:
            reply = await ctx.client.request(
                method, f"{ctx.urls[service]}/{what}s", params={"saga_id": ctx.saga_id},
                json={"saga_id": ctx.saga_id} if method == "POST" else None,
                headers={"Idempotency-Key": f"{ctx.saga_id}:{key}"}, timeout=0.25,
            )
        except httpx.TransportError:
            reply = None
        if reply is not None and reply.status_code < 500 and reply.status_code != 429:
            return reply.status_code
        await asyncio.sleep(1.1 if reply is not None and reply.status_code in (429, 503) else 0.03)
    return 500


async def durable(ctx, input):
    path = ctx.store_dir / "journal"
    facts = path.read_text().split() if path.exists() else []
    assert ctx.resumed or not facts

    def note(fact):
        with path.open("a") as file:
            file.write(fact + "\\n")
        facts.append(fact)

    for what, service in STEPS:
        if "back" in facts or f"done:{what}" in facts:
            continue
        note(f"begun:{what}")
        status = await insist(ctx, "POST", what, service, what)
        note(f"done:{what}" if status < 300 else "back")
    if "back" not in facts:
        return {"status": "completed", "detail": {"sku": input["sku"]}}
    for what, service in reversed(STEPS):
        if f"begun:{what}" in facts and f"undone:{what}" not in facts:
            if await insist(ctx, "DELETE", what, service, f"undo-{what}") >= 500:
                return {"status": "stuck", "detail": {"error": what}}
            note(f"undone:{what}")
    return {"status": "compensated", "detail": {"error": "refused"}}


def raises(ctx, input):
    httpx.post(f"{ctx.urls['inventory']}/reservations", json={"saga_id": ctx.saga_id}, timeout=0.5)
    raise KeyError("sku")


def exits(ctx, input):
    os._exit(3)


async def nonsense(ctx, input):
    return "fine"
"""
FILE = (
    """
format_version = 1
name = "hosted"
[saga]
adapter = "callable"
target = "sagas.py:TARGET"
inputs = [{ sku = "A" }]
claims = ["lost_reply", "process_death", "other_node", "retry_elsewhere", "duplicate_start", "cancel"]
time_limit_s = 8
patience_s = 4
"""
    + TWO_STEPS
)
UNDO = "inventory.reservation.delete_by_saga"


def hosted(folder: Path, target: str = "durable") -> Scenario:
    (folder / "sagas.py").write_text(SAGAS)
    (folder / "saga.toml").write_text(FILE.replace("TARGET", target))
    return load_scenario(str(folder / "saga.toml"), registered=None)


PLANS = {
    "crash on arrival": (plan("crash", variant="on_arrival"),),
    "crash applied": (plan("crash", variant="applied"),),
    "crash answered": (plan("crash", RESERVE, variant="answered"),),
    "crash twice": (plan("crash", variant="applied", count=2),),
    "crash going back": (plan("reject"), plan("crash", UNDO, variant="applied")),
    "move": (plan("move"),),
    "pause": (plan("pause", variant="applied"),),
    "cancel": (plan("cancel", variant="applied"),),
}


@pytest.mark.parametrize("name", PLANS)
def test_it_comes_to_the_same_as_in_sim(world: WireWorld, tmp_path: Path, name: str) -> None:
    of = hosted(tmp_path)
    real = run(world, of, *PLANS[name])
    world.__exit__(None, None, None)
    try:
        with SimWorld() as sim:
            simulated = run(sim, of, *PLANS[name])  # type: ignore[arg-type]
    finally:
        world.__enter__()
    assert process_faults(real) == process_faults(simulated)
    assert executors(real) == executors(simulated)
    assert statuses(real) == statuses(simulated)
    assert [(one.invariant, one.verdict) for one in real.judgements] == [
        (one.invariant, one.verdict) for one in simulated.judgements
    ]


def test_two_resume_at_once(world: WireWorld, tmp_path: Path) -> None:
    done = run(world, hosted(tmp_path), plan("race"))
    assert (statuses(done), violated(done)) == (["completed"], {})
    # The slower of the two may find that the faster one has ended, and send nothing.
    began = [one for one in done.history.events if isinstance(one, ExecutorBegan)]
    assert [(one.executor, one.resumed) for one in began] == [(1, False), (2, True), (3, True)]


def test_a_frozen_one_wakes(world: WireWorld, tmp_path: Path) -> None:
    done = run(world, hosted(tmp_path), plan("pause", variant="on_arrival"))
    assert (statuses(done), violated(done), woken(done)) == (["completed"], {}, [1])


def test_cancelled_in_its_process(world: WireWorld, tmp_path: Path) -> None:
    done = run(world, hosted(tmp_path), plan("crash", RESERVE, variant="applied"), plan("cancel", CHARGE))
    ends = [one for one in done.history.events if isinstance(one, ExecutorEnded)]
    assert [(one.executor, one.cancelled, one.problem) for one in ends] == [(2, True, None)]


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("raises", "the saga raised KeyError: 'sku'"),
        ("exits", "the saga ended with exit code 3, and printed nothing"),
        ("nonsense", "the saga returned: found 'fine', expected an Outcome or {'status': …}"),
    ],
)
def test_what_it_says_is_what_it_says_in_process(
    world: WireWorld, tmp_path: Path, target: str, problem: str
) -> None:
    done = run(world, hosted(tmp_path, target), plan("start_twice", variant="at_once"))
    [ended] = outcomes(done.history)
    assert ended.problem is not None
    assert ended.problem.startswith(problem)


def test_without_a_fault_it_stays_in_this_process(world: WireWorld, tmp_path: Path) -> None:
    of = replace(hosted(tmp_path), reference="")
    assert statuses(run(world, of, FaultPlan())) == ["completed"]


def test_without_a_reference_no_process_can_load_it(world: WireWorld, tmp_path: Path) -> None:
    of = replace(hosted(tmp_path), reference="")
    with pytest.raises(UsageError, match="found 'no reference', expected one by which a process of its own"):
        run(world, of, plan("crash", variant="applied"))


def test_a_host_starts_lean(tmp_path: Path) -> None:
    """Nothing that only searching, judging or reporting needs."""
    heavy = "('hypothesis', 'pandas', 'pytest', 'uvicorn', 'respx', 'harness.worlds', 'psutil')"
    imports = "import sys, harness.adapter.host, harness.loading"
    code = f"{imports}; print([one for one in {heavy} if one in sys.modules])"
    group = Group(
        Command(line=(sys.executable, "-c", code), cwd=Path.cwd()), mark="test-lean", files=tmp_path / "x"
    )
    watch = Watch()
    while group.exit_code() is None:
        watch.wait([group], 1e9)
    watch.close()
    group.reap()
    assert group.stdout() == "[]\n", group.stderr()


def test_the_command_of_a_host() -> None:
    assert line("a:b", "c") == (*python_m("harness.adapter.host"), "a:b", "c")
    assert read_host('x\nPROBLEM "no"\n', "", 0)[0].problem == "no"
    assert read_host("CANCELLED\n", "", 0)[1]
