"""A crash between two calls: which changes of the store are told, what lies there, who never runs on."""

from __future__ import annotations

import os

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.errors import PlanError
from harness.history import ExecutorStruck, StoreChanged
from harness.plan import Fault, Site
from harness.runner import Run, run_once
from harness.saga import Claim, Json
from harness.search.gaps import Gap, gaps_of
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, PARCEL
from tests.unit.sim.journal import plan_of, saga_of, scenario_of

CREATE = "stock.hold.create"
DEATHS = frozenset({Claim.PROCESS_DEATH})

lines: list[str] = []


def writes(ctx: SagaContext, *names: str) -> None:
    for name in names:
        (ctx.store_dir / name).touch()


def saga(ctx: SagaContext, input_: Json) -> Json:
    assert isinstance(ctx.client, httpx.Client)
    lines.append(f"sees {sorted(one.name for one in ctx.store_dir.iterdir())}")
    try:
        writes(ctx, f"{'again' if ctx.resumed else 'first'}-1", f"{'again' if ctx.resumed else 'first'}-2")
        for number in (1, 2):
            key = {"Idempotency-Key": f"{ctx.saga_id}:hold"}
            ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, headers=key, timeout=1)
            writes(ctx, f"after-{number}-a")
            (ctx.store_dir / "lock").touch()
            os.remove(ctx.store_dir / "lock")  # noqa: PTH107 - as many programs do
            writes(ctx, f"after-{number}-b", f"after-{number}-c")
    finally:
        lines.append("finally")
    return {"status": "completed"}


@pytest.fixture(autouse=True)
def _forget() -> None:
    lines.clear()


def run(world: SimWorld, *faults: Fault) -> Run:
    scenario = scenario_of(CallableSaga(saga, "writes", durable=True), DEATHS, (HOLD,))
    return run_once(scenario, {}, plan_of(*faults), world)


def crash(variant: str, nth: int = 1, count: int = 1) -> Fault:
    return Fault(kind="crash", operation=CREATE, nth=nth, variant=variant, count=count)


def changes(run: Run) -> list[tuple[int, int, int]]:
    found = [event for event in run.history.events if isinstance(event, StoreChanged)]
    return [(event.executor, event.call, event.state) for event in found]


def test_each_content_of_the_store_is_told_once_with_the_call_before_it(sim: SimWorld) -> None:
    done = run(sim)
    after = [1, 2, 1, 3, 4]  # the lock comes, and its going leaves what was there before
    assert changes(done) == [(1, 0, 1), (1, 0, 2), *((1, call, n) for call in (1, 2) for n in after)]


def test_the_last_content_before_a_request_or_an_end_is_no_crash_of_its_own(sim: SimWorld) -> None:
    later = ("between:1", "between:2", "between:3")
    assert gaps_of(run(sim).history) == (
        Gap(site=Site(operation=CREATE, nth=1), variants=("start:1",), last=-1),
        Gap(site=Site(operation=CREATE, nth=1), variants=later, last=-1),
        Gap(site=Site(operation=CREATE, nth=2), variants=later, last=-1),
    )


AT_FIRST = ["first-1", "first-2"]


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (crash("start:1"), ["first-1"]),
        (crash("start:2"), AT_FIRST),
        (crash("between:1"), ["after-1-a", *AT_FIRST]),
        (crash("between:2"), ["after-1-a", *AT_FIRST, "lock"]),
        (crash("between:3"), ["after-1-a", "after-1-b", *AT_FIRST]),
        (
            crash("between:3", nth=2),
            ["after-1-a", "after-1-b", "after-1-c", "after-2-a", "after-2-b", *AT_FIRST],
        ),
    ],
)
def test_the_store_is_what_it_was_at_that_very_moment(sim: SimWorld, fault: Fault, left: list[str]) -> None:
    done = run(sim, fault)
    assert done.history.fired() == {0}
    assert lines[:3] == [
        "sees []",
        f"sees {left}",
        "finally",
    ]  # the second executor's; the dead one's is last
    assert lines[3:] == ["finally"]
    (struck,) = [event for event in done.history.events if isinstance(event, ExecutorStruck)]
    first = fault.variant.startswith("start")
    assert (struck.call, struck.boundary) == ((0, "started") if first else (fault.nth, "between"))
    assert [one.invariant for one in done.violated] == []


def test_it_strikes_in_the_recovery_too(sim: SimWorld) -> None:
    done = run(sim, Fault(kind="crash", operation=CREATE, variant="applied"), crash("start:1", nth=2))
    assert done.history.fired() == {0, 1}
    assert lines[2] == f"sees {['again-1', *AT_FIRST]}"


def test_and_twice_in_a_row(sim: SimWorld) -> None:
    done = run(sim, crash("start:1", count=2))
    struck = [event.executor for event in done.history.events if isinstance(event, ExecutorStruck)]
    assert struck == [1, 2]


def test_a_call_that_another_fault_strikes_is_followed_by_a_gap_all_the_same(sim: SimWorld) -> None:
    done = run(sim, Fault(kind="error_after", operation=CREATE), crash("between:1"))
    assert done.history.fired() == {0, 1}
    assert lines[1] == f"sees {['after-1-a', *AT_FIRST]}"


def test_it_is_the_same_each_time(sim: SimWorld) -> None:
    runs = [run(sim, crash("between:2")) for _ in range(2)]
    assert runs[0].history.events == runs[1].history.events


def test_a_share_of_a_pause_means_nothing_here(sim: SimWorld) -> None:
    with pytest.raises(PlanError, match="in sim no time passes while a saga computes"):
        run(sim, crash("between:25%"))


def test_without_the_claim_nobody_looks_at_the_store(sim: SimWorld) -> None:
    scenario = scenario_of(saga_of("plain", tasks=(HOLD, PARCEL)), frozenset(), (HOLD, PARCEL))
    assert changes(run_once(scenario, {}, plan_of(), sim)) == []


async def unclosed(ctx: SagaContext, input_: Json) -> Json:
    """What dies in the middle of a write leaves nothing open, and its buffers are lost."""
    assert isinstance(ctx.client, httpx.AsyncClient)
    seen = (ctx.store_dir / "big").stat().st_size if (ctx.store_dir / "big").exists() else -1
    lines.append(str(seen))
    if not ctx.resumed:
        with (ctx.store_dir / "big").open("w") as file:
            for _ in range(4):
                file.write("x" * 10_000)
    await ctx.client.post(f"{ctx.urls['stock']}/holds", json={}, headers={"Idempotency-Key": "k"})
    return {"status": "completed"}


def test_what_lay_in_a_buffer_is_lost(sim: SimWorld) -> None:
    scenario = scenario_of(CallableSaga(unclosed, "unclosed", durable=True), DEATHS, (HOLD,))
    done = run_once(scenario, {}, plan_of(crash("start:2")), sim)
    assert done.history.fired() == {0}
    assert lines[0] == "-1"
    assert 0 < int(lines[1]) < 40_000
