"""`bench.json`: what a benchmark measured, written and read back."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.choices import WorldName
from harness.json_files import converted, json_object, pretty, write_whole
from harness.plan import FaultPlan, plan_to_json
from harness.report_model import CompensationLatency, Proxy, Tool
from harness.saga import Json

FORMAT_VERSION = 1


class Ratios(msgspec.Struct, frozen=True, kw_only=True):
    """Of the measured to the baseline's: 2.0 is twice as slow. None where the baseline is 0."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class BenchedScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario in one world; seconds are virtual in sim and real on the wire.

    refused: the step whose refusal aborts the sagas. sagas: how many were run; `latency_s.n` of
    them compensated. seconds: each of those, in the order in which the sagas were numbered.
    """

    name: str
    world: WorldName
    refused: str
    plan: tuple[Json, ...]
    sagas: int
    concurrency: int
    latency_s: CompensationLatency
    duration_s: float
    proxy: Proxy = Proxy()
    seconds: tuple[float, ...] = ()
    to_baseline: Ratios | None = None

    @property
    def title(self) -> str:
        """Name and world."""
        return f"{self.name} ({self.world})"


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    scenarios: tuple[BenchedScenario, ...]
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


def compared(one: BenchedScenario, baseline: Bench) -> BenchedScenario:
    """The same with its ratios, where the baseline has the scenario in that world."""
    for before in baseline.scenarios:
        if (before.name, before.world) == (one.name, one.world):
            ratios = Ratios(
                p50=_ratio(one.latency_s.p50, before.latency_s.p50),
                p95=_ratio(one.latency_s.p95, before.latency_s.p95),
                p99=_ratio(one.latency_s.p99, before.latency_s.p99),
            )
            return msgspec.structs.replace(one, to_baseline=ratios)
    return one


def _ratio(now_s: float | None, before_s: float | None) -> float | None:
    return None if now_s is None or not before_s else round(now_s / before_s, 4)
