"""What is measured: each function runs one round and returns a number of things a second, or seconds.

What runs in this process alone is measured in CPU time: others who use the machine must not make it slower.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from harness.campaign.local import LocalJobRunner
from harness.campaign.open_world import make_world
from harness.campaign.pool import Pool
from harness.clock import real
from harness.faults.enabled import enabled_faults
from harness.loading import load
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.saga import Claim, Overlap
from harness.scenario import Scenario
from harness.search import GuidedSearch
from harness.search.chunks import ChunkEnded
from harness.search.guided import StopAsked
from harness.search.interleavings import Interleavings
from harness.search.property import PropertySearch
from tests.planted.test_on_the_wire import PLANTS
from tests.unit.sim.journal import saga_of, scenario_of

_TESTS = """
import pytest
from harness.pytest_plugin import saga_test

@pytest.mark.parametrize("number", range(8))
@saga_test("order-fulfilment", search="hypothesis", examples=1500, seed=1, allow_inconclusive=True)
def test_holds(report, number):
    assert report.runs > 1000
"""


def sim_per_s(scenario: Scenario, depth: int = 1, runs: int | None = None) -> float:
    """Guided search in sim, in this process, or the beginning of it: sagas a second."""
    with make_world("sim", "auto", _quiet) as world:
        executor = LocalJobRunner(scenario, world)
        search = GuidedSearch(enabled_faults(scenario, "sim"), len(scenario.inputs), depth)
        began = time.process_time()
        ran = sum(1 for _ in islice(search.run(executor, StopAsked()), runs))
        return ran / (time.process_time() - began)


def choreographed_against_orchestrated() -> float:
    """Guided search of single faults: choreographed sagas a second by orchestrated ones of one document.

    Of the document whose orchestrator calls its services: that of client-onboarding sends messages, too.
    """
    name = "dbt-project-creation"
    return sim_per_s(load(f"{name}-choreographed"), runs=600) / sim_per_s(load(name), runs=600)


def interleavings_per_s(scenario: Scenario) -> float:
    """Two sagas in a run, with every two preemptions, in this process: runs a second."""
    with make_world("sim", "auto", _quiet) as world:
        search = Interleavings(enabled_faults(scenario, "sim"), scenario, Overlap())
        began = time.process_time()
        runs = sum(1 for _ in search.run(LocalJobRunner(scenario, world), StopAsked()))
        return runs / (time.process_time() - began)


def sim_plain_per_s(scenario: Scenario, runs: int) -> float:
    """Fault-free runs in sim, in this process: sagas a second, to hold against the floor."""
    with make_world("sim", "auto", _quiet) as world:
        began = time.process_time()
        for number in range(runs):
            run_once(scenario, scenario.inputs[0], FaultPlan(), world, saga_id=f"saga-{number}")
        return runs / (time.process_time() - began)


def crash_against_plain() -> tuple[float, float]:
    """Guided plans with a crash, and those without, of one durable saga in sim: runs a second of each."""
    scenario = scenario_of(saga_of("async"), frozenset({Claim.PROCESS_DEATH}))
    with make_world("sim", "auto", _quiet) as world:
        executor = LocalJobRunner(scenario, world)
        search = GuidedSearch(enabled_faults(scenario, "sim"), len(scenario.inputs), 1)
        plans = [run_summary.plan for run_summary in search.run(executor, StopAsked())]
        crashes = [plan for plan in plans if any(fault.kind == "crash" for fault in plan.faults)]
        others = [plan for plan in plans if plan not in crashes]
        return _plans_per_s(executor, crashes), _plans_per_s(executor, others)


def _plans_per_s(executor: LocalJobRunner, plans: list[FaultPlan]) -> float:
    began = time.process_time()
    runs = sum(1 for _ in executor.run([(0, plan) for plan in plans]))
    return runs / (time.process_time() - began)


def drawn_per_s(scenario: Scenario, examples: int, seed: int) -> tuple[float, ChunkEnded]:
    """Hypothesis in sim, in this process: plans a second, and what they came to. Each takes several runs."""
    with make_world("sim", "auto", _quiet) as world:
        search = PropertySearch("sim", examples=examples, seed=seed)
        began = time.process_time()
        for _ in search.run(LocalJobRunner(scenario, world), StopAsked()):
            pass
        return search.came_to.plans / (time.process_time() - began), search.came_to


def wire_per_s(scenario: Scenario, runs: int) -> float:
    """Fault-free runs on the wire, through a proxy, one after the other: sagas a second."""
    with make_world("wire", "auto", _quiet) as world:
        executor = LocalJobRunner(scenario, world)
        jobs = [(0, FaultPlan())]
        list(executor.run(jobs * 5))
        began = time.perf_counter()
        list(executor.run(jobs * runs))
        return runs / (time.perf_counter() - began)


def wire_pool_per_s(scenario: Scenario, runs: int, workers: int) -> float:
    """The same with worker processes side by side."""
    pool = Pool(scenario, "wire", workers=workers, proxy="auto", load=load, note=_quiet)
    with pool:
        jobs = [(0, FaultPlan())]
        list(pool.run(jobs * 5 * workers))
        began = time.perf_counter()
        list(pool.run(jobs * runs))
        return runs / (time.perf_counter() - began)


def first_counterexamples_s() -> dict[str, float | None]:
    """By plant: seconds to the first violation of what it was planted for; None: not found.

    As a user would search it: guided to depth 2, in sim, in one process, the search alone.
    """
    found: dict[str, float | None] = {}
    with make_world("sim", "auto", _quiet) as world:
        for name, plant in PLANTS.items():
            scenario = plant.scenario("broken")
            search = GuidedSearch(enabled_faults(scenario, "sim"), len(scenario.inputs), 2)
            began = time.perf_counter()
            run_summaries = search.run(LocalJobRunner(scenario, world), StopAsked(real.monotonic_s() + 60.0))
            first = next((one for one in run_summaries if plant.caught_by in one.violated), None)
            found[name] = None if first is None else time.perf_counter() - began
    return found


def depth_two_s(scenario: Scenario, workers: int) -> float:
    """Guided search of all pairs in sim with workers, their start included: seconds."""
    began = time.perf_counter()
    pool = Pool(scenario, "sim", workers=workers, proxy="auto", load=load, note=_quiet)
    with pool:
        search = GuidedSearch(enabled_faults(scenario, "sim"), len(scenario.inputs), 2)
        for _ in search.run(pool, StopAsked()):
            pass
    return time.perf_counter() - began


def xdist_s(workers: int) -> float:
    """Eight `@saga_test` tests under `pytest -n WORKERS`, the start of pytest included: seconds."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_speed.py").write_text(_TESTS)
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "-p", "no:cacheprovider", folder]
        began = time.perf_counter()
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def _quiet(text: str) -> None:
    del text
