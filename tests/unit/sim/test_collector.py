"""A run is gone when it is over: what the collector would find is not ours, and it waits its turn."""

from __future__ import annotations

import gc

import pytest

from harness.plan import Fault
from harness.runner import run_once
from harness.worlds.sim import SimWorld, collector
from tests.unit.sim.journal import plan_of, saga_of, scenario_of

CREATE = "bank.charge.create"
STYLES = pytest.mark.parametrize("style", ["async", "plain"])
PLANS = pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="lose_reply", operation=CREATE),
        Fault(kind="late", operation=CREATE),
        Fault(kind="duplicate", operation=CREATE, variant="after_reply"),
        Fault(kind="pause", operation=CREATE, variant="applied"),
        Fault(kind="start_twice", operation=CREATE, variant="at_once"),
    ],
    ids=lambda fault: fault.kind,
)


def ours(kept: list[object]) -> list[str]:
    names = {f"{type(one).__module__}.{type(one).__qualname__}" for one in kept}
    return sorted(name for name in names if name.startswith("harness."))


@STYLES
@PLANS
def test_no_cycle_of_the_harness_outlives_its_run(sim: SimWorld, style: str, fault: Fault) -> None:
    """A task that is killed while it waits is another matter: asyncio ties it to what it waits for."""
    scenario = scenario_of(saga_of(style))
    run_once(scenario, {}, plan_of(fault), sim)  # what is made once, and kept
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        run_once(scenario, {}, plan_of(fault), sim)
        gc.collect()
        found = ours(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert found == []


def test_the_collector_waits_until_many_runs_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "EVERY_RUNS", 3)
    scenario, collected = scenario_of(saga_of("async")), []
    before = gc.isenabled()
    with SimWorld() as world:
        gc.callbacks.append(lambda phase, info: collected.append(phase))
        try:
            for _ in range(7):
                run_once(scenario, {}, plan_of(), world)
                assert not gc.isenabled()
        finally:
            gc.callbacks.pop()
    assert collected == ["start", "stop"] * 2
    assert gc.isenabled() == before


def test_to_enter_a_world_costs_no_look_at_all_that_lives() -> None:
    """It would be a tenth of a second each time, in a process with many modules."""
    generations, before = [], gc.isenabled()
    gc.disable()  # what is collected now is collected by the world
    gc.callbacks.append(lambda phase, info: generations.append(info["generation"]))
    try:
        with SimWorld():
            pass
    finally:
        gc.callbacks.pop()
        if before:
            gc.enable()
    assert set(generations) == {1}
