"""`saga-chaos bench`: compensation latency of aborted sagas, compared with a baseline where one is given."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.bench.arrivals import Load
from harness.bench.campaign import Measured, Order, measure
from harness.bench.measure import Surroundings
from harness.bench.profile_file import read_profile
from harness.bench.result import Bench, Cell, Slower, read_bench, write_bench
from harness.campaign.files import tool
from harness.clock import real
from harness.errors import UsageError, misplaced, nearest
from harness.json_files import write_whole
from harness.latency_profile import LatencyProfile
from harness.loading import load, load_all
from harness.packages import our_packages
from harness.scenario import Scenario

with our_packages():
    from reports.bench import bench_drawings, bench_lines
    from reports.bench_table import NO_PARQUET, bench_table, write_tables
    from reports.slowdown import COMPARED, unpaired

OUT = Path("reports/out/bench")
SLOWER = 1


def run(arguments: argparse.Namespace) -> int:
    """Measure, compare, write, show. 1 where something is slower than `--fail-above` allows, else 0."""
    order = _order(arguments)
    out = Path(arguments.out) if arguments.out else OUT
    _check_writable(out)
    baseline = read_bench(Path(arguments.baseline)) if arguments.baseline else None
    if arguments.fail_above is not None and baseline is None:
        expected = "--baseline FILE, which says how long it took before"
        raise UsageError(misplaced("--fail-above", "no --baseline", expected))
    profile = read_profile(arguments.latency) if arguments.latency else None
    scenarios = load_all(arguments.scenarios)
    _check_links(profile, scenarios)
    if baseline is not None:
        _tell_of_another_network(profile, baseline)
    began_s = real.monotonic_s()
    measured = [
        measure(scenario, _surroundings(scenario, arguments, profile), order, _note) for scenario in scenarios
    ]
    bench = _added_up(measured, arguments, profile, round(real.monotonic_s() - began_s, 3))
    if baseline is not None:
        bench = msgspec.structs.replace(bench, cells=_compared(bench, baseline))
    written = _write(bench, measured, out)
    for line in [*bench_lines(bench, compared=baseline is not None), "", f"Written: {written}"]:
        print(line)  # noqa: T201 - this is the command line
    return _decided(bench, arguments.fail_above)


def _order(arguments: argparse.Namespace) -> Order:
    for name in ("sagas", "rounds"):
        _at_least(f"--{name}", getattr(arguments, name), 1)
    _at_least("--warm-up", arguments.warm_up, 0)
    side_by_side = arguments.concurrency or (1,)
    for one in side_by_side:
        _at_least("--concurrency", one, 1)
    if arguments.rate is not None and not 0 < arguments.rate < float("inf"):
        raise UsageError(misplaced("--rate", arguments.rate, "sagas a second, more than 0"))
    loads = tuple(Load(side_by_side=one) for one in side_by_side)
    if arguments.rate is not None:
        loads = (*(loads if arguments.concurrency else ()), Load(rate=arguments.rate))
    return Order(
        sagas=arguments.sagas,
        loads=loads,
        rounds=arguments.rounds,
        warm_up=arguments.warm_up,
        steps=tuple(arguments.steps or ()),
        kinds=tuple(arguments.faults or ()),
    )


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise UsageError(misplaced(name, value, f"a whole number from {least} on"))


def _check_writable(out: Path) -> None:
    """Before anything runs, rather than after minutes."""
    probe = out / f".writable.{os.getpid()}"
    write_whole(probe, b"")
    probe.unlink()


def _check_links(profile: LatencyProfile | None, scenarios: Sequence[Scenario]) -> None:
    """A link of nobody would delay nothing without a word."""
    known = sorted({one.name for scenario in scenarios for one in scenario.participants})
    for name in profile.links if profile is not None else ():
        if name not in known:
            raise UsageError(misplaced("--latency, participants", name, nearest(name, known)))


def _tell_of_another_network(profile: LatencyProfile | None, baseline: Bench) -> None:
    """What is under way longer takes longer, which says nothing of the saga."""
    links = "" if profile is None else str(profile).partition(": ")[2]
    if links != (baseline.profile or "").partition(": ")[2]:
        before = baseline.profile or "as without --latency"
        now = profile or "as without --latency"
        _note(f"Note: in the baseline messages were under way {before}; now they are {now}")


def _surroundings(
    scenario: Scenario, arguments: argparse.Namespace, profile: LatencyProfile | None
) -> Surroundings:
    return Surroundings(
        reference=scenario.reference or scenario.name,
        world=scenario.world(arguments.world),
        proxy=arguments.proxy,
        profile=profile,
        load=load,
    )


def _added_up(
    measured: list[Measured], arguments: argparse.Namespace, profile: LatencyProfile | None, duration_s: float
) -> Bench:
    return Bench(
        cells=tuple(cell for one in measured for cell in one.cells),
        left_out=tuple(left for one in measured for left in one.left_out),
        profile=None if profile is None else str(profile),
        warm_up=arguments.warm_up,
        proxy=measured[-1].proxy,
        duration_s=duration_s,
        tool=tool(),
    )


def _compared(bench: Bench, baseline: Bench) -> tuple[Cell, ...]:
    before = {one.alike: one.seconds for one in baseline.cells}
    return tuple(
        msgspec.structs.replace(one, to_baseline=_slower(one.seconds, before.get(one.alike, ())))
        for one in bench.cells
    )


def _slower(now_s: tuple[float, ...], before_s: tuple[float, ...]) -> Slower | None:
    if min(len(now_s), len(before_s)) < COMPARED:
        return None
    found = unpaired(now_s, before_s)
    return Slower(ratio=found.ratio, low=found.low, high=found.high, n=found.n)


def _write(bench: Bench, measured: list[Measured], out: Path) -> str:
    write_bench(bench, out / "bench.json")
    samples = [one for each in measured for one in each.samples]
    table = bench_table(zip(bench.cells, samples, strict=True))
    written = [out / "bench.json", *write_tables(table, out)]
    for drawing in bench_drawings(bench, table):
        for ending, content in (("svg", drawing.svg()), ("png", drawing.png())):
            written.append(out / f"{drawing.name}.{ending}")
            write_whole(written[-1], content)
    if out / "bench.parquet" not in written:
        _note(NO_PARQUET)
    return ", ".join(map(str, written))


def _decided(bench: Bench, most: float | None) -> int:
    if most is None:
        return 0
    slower = [one for one in bench.cells if one.to_baseline is not None and one.to_baseline.low > most]
    for one in slower:
        assert one.to_baseline is not None
        _note(
            f"{one.title}: {one.to_baseline.ratio:.2f} times as long as in the baseline, the whole 95 % "
            f"interval is above {most:g}"
        )
    if not any(one.to_baseline is not None for one in bench.cells):
        expected = f"a cell with at least {COMPARED} latencies in both"
        raise UsageError(misplaced("--baseline", "nothing to compare with", expected))
    return SLOWER if slower else 0


def _note(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - this is the command line
