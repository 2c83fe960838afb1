"""`bench.json`: what a benchmark measured, written and read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from harness.choices import WorldName
from harness.json_files import converted, json_object, pretty, write_whole
from harness.plan import FaultPlan, plan_to_json
from harness.report_model import Proxy, Tool
from harness.saga import Json

FORMAT_VERSION = 2


class ValueWithInterval(msgspec.Struct, frozen=True, kw_only=True):
    """Of a sample, and between which two the true one lies by 95 %; None: the sample cannot tell."""

    value: float
    low: float | None = None
    high: float | None = None


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """Of n measurements; None for one that so few do not carry."""

    n: int = 0
    p50: ValueWithInterval | None = None
    p95: ValueWithInterval | None = None
    p99: ValueWithInterval | None = None


class Phases(msgspec.Struct, frozen=True, kw_only=True):
    """Medians: fault struck → noticed → first undo sent → last undo acknowledged → outcome told."""

    noticed_s: float
    decided_s: float
    undone_s: float
    told_s: float


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Means; together they are the mean latency. See `harness.compensation.Waits`."""

    in_calls_s: float
    retry_s: float
    polling_s: float
    pace_s: float


class Slower(msgspec.Struct, frozen=True, kw_only=True):
    """Times as long as in the baseline, by the mean, with its 95 % interval. n: the smaller sample."""

    ratio: float
    low: float
    high: float
    n: int


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario, made to fail in one way under one load; seconds are virtual in sim, real on the wire.

    sagas: all that were run; `ended` says how. latency_s: of those that compensated, as
    `harness.compensation` has it. undone_s: the same without the last phase, until the last undo was
    acknowledged: a service tells its outcome when it is asked. response_s: of all that ended, from when each
    was to start. messages: in sim without a profile, how many follow each other in a latency. seconds: the
    latencies, in the order of the sagas.
    """

    name: str
    world: WorldName
    failed_step: str
    fault: str
    plan: tuple[Json, ...]
    sagas: int
    concurrency: int
    latency_s: Percentiles
    ended: Mapping[str, int] = {}
    rate: float | None = None
    undone_s: Percentiles = Percentiles()
    response_s: Percentiles = Percentiles()
    phases: Phases | None = None
    spent: Spent | None = None
    messages: float | None = None
    remarks: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()
    to_baseline: Slower | None = None

    @property
    def title(self) -> str:
        """Scenario, world, way to fail, and load."""
        at = f"{self.concurrency} at once" if self.rate is None else f"{self.rate:g} a second"
        return f"{self.name} ({self.world}), {self.failed_step} by {self.fault}, {at}"

    @property
    def alike(self) -> tuple[str, str, str, str, int, float | None]:
        """What a cell of another benchmark has in common with this one where they can be compared."""
        return self.name, self.world, self.failed_step, self.fault, self.concurrency, self.rate


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A way to fail that makes the saga undo nothing, and why it is no cell."""

    name: str
    world: WorldName
    abort: str
    why: str


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file.

    profile: how long messages were under way, in words. warm_up: sagas of each cell that do not count.
    """

    cells: tuple[Cell, ...]
    left_out: tuple[LeftOut, ...] = ()
    profile: str | None = None
    warm_up: int = 0
    proxy: Proxy = Proxy()
    duration_s: float = 0.0
    tool: Tool = Tool()
    format_version: int = FORMAT_VERSION


def plan_as_json(plan: FaultPlan) -> tuple[Json, ...]:
    """As failure files hold it."""
    return tuple(plan_to_json(plan))


def write_bench(bench: Bench, path: Path) -> None:
    """Atomically. Raises EnvironmentFault where the folder does not take it."""
    write_whole(path, pretty(bench))


def read_bench(path: Path) -> Bench:
    """Raises ReportError that names file, place, what was found and what was expected."""
    return converted(json_object(path, FORMAT_VERSION), Bench, path)
