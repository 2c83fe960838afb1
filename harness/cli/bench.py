"""`saga-chaos bench`: compensation latency of aborted sagas, compared with a baseline where one is given."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from harness.bench.measure import Asked, measure
from harness.bench.refusals import refusals
from harness.bench.result import Bench, BenchedScenario, compared, read_bench, write_bench
from harness.campaign.files import tool
from harness.choices import WorldName
from harness.errors import ScenarioError, UsageError, misplaced
from harness.json_files import write_whole
from harness.loading import load, load_all
from harness.packages import our_packages
from harness.plan import FaultPlan
from harness.saga import Step
from harness.scenario import Scenario
from harness.trial import trial

with our_packages():
    from reports.bench import bench_lines, bench_svg

OUT = Path("reports/out/bench")


def run(arguments: argparse.Namespace) -> int:
    """Measure, compare, write, show. A slow saga is no failure: the exit code is 0."""
    concurrency = 1 if arguments.concurrency is None else arguments.concurrency
    _at_least_one("--sagas", arguments.sagas)
    _at_least_one("--concurrency", concurrency)
    out = Path(arguments.out) if arguments.out else OUT
    _check_writable(out)
    baseline = read_bench(Path(arguments.baseline)) if arguments.baseline else None
    scenarios = load_all(arguments.scenarios)
    worlds = [scenario.world(arguments.world) for scenario in scenarios]
    measured = [
        _measured(scenario, world, concurrency, arguments)
        for scenario, world in zip(scenarios, worlds, strict=True)
    ]
    if baseline is not None:
        measured = [compared(one, baseline) for one in measured]
    bench = Bench(scenarios=tuple(measured), tool=tool())
    write_bench(bench, out / "bench.json")
    write_whole(out / "bench.svg", bench_svg(bench).encode())
    for line in [*bench_lines(bench, compared=baseline is not None), f"  Written: {out / 'bench.json'}"]:
        print(line)  # noqa: T201 - this is the command line
    return 0


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise UsageError(misplaced(name, value, "a whole number from 1 on"))


def _check_writable(out: Path) -> None:
    """Before anything runs, rather than after minutes."""
    probe = out / f".writable.{os.getpid()}"
    write_whole(probe, b"")
    probe.unlink()


def _measured(
    scenario: Scenario, world: WorldName, concurrency: int, arguments: argparse.Namespace
) -> BenchedScenario:
    step, plan = _aborting(scenario, world, arguments)
    asked = Asked(
        reference=scenario.reference or scenario.name,
        world=world,
        plan=plan,
        sagas=arguments.sagas,
        concurrency=concurrency,
        proxy=arguments.proxy,
        load=load,
    )
    return measure(scenario, step, asked)


def _aborting(scenario: Scenario, world: WorldName, arguments: argparse.Namespace) -> tuple[Step, FaultPlan]:
    """The last step whose refusal makes the saga compensate, found by trying."""
    tried = refusals(scenario, world)
    with trial(scenario, scenario.inputs[0], world, arguments.proxy, _note) as run_plans:
        for step, plan in tried:
            (run_summary,) = run_plans([plan])
            if run_summary.compensation_s:
                return step, plan
    names = ", ".join(step.name for step, _ in tried) or "no step that can be refused"
    expected = "a step whose refusal makes the saga undo something and answer compensated"
    raise ScenarioError(misplaced(f"scenario {scenario.name!r}, steps", names, expected))


def _note(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - this is the command line
