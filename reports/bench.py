"""A benchmark as lines for people and as a figure.

Owns the wording and the layout of what `harness.bench` measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.bench.result import Bench, BenchedScenario, Ratios
from reports.figures.choice import percentile_drawing
from reports.words import seconds

_KINDS = {"sim": "virtual", "wire": "real"}


def bench_lines(bench: Bench, *, compared: bool) -> list[str]:
    """A heading, a line a scenario, and what each was made to undo."""
    rows = [("", "p50", "p95", "p99", "sagas"), *(_row(one) for one in bench.scenarios)]
    if compared:
        rows = [
            (*row, told)
            for row, told in zip(
                rows, ["to baseline", *(_ratios(one) for one in bench.scenarios)], strict=True
            )
        ]
    return [
        "Compensation latency, from knowing of the abort to having undone all",
        "",
        *_aligned(rows),
        "",
    ] + [f"  {line}" for one in bench.scenarios for line in _about(one)]


def bench_svg(bench: Bench) -> str:
    """The figure as a file of its own, with colours of its own."""
    return percentile_drawing({one.title: one.latency_s for one in bench.scenarios}).svg().decode()


def _row(one: BenchedScenario) -> tuple[str, ...]:
    latency = one.latency_s
    times = (seconds(value) for value in (latency.p50, latency.p95, latency.p99))
    return (one.title, *times, f"{latency.n} of {one.sagas}")


def _ratios(one: BenchedScenario) -> str:
    ratios = one.to_baseline
    if ratios is None:
        return "not in the baseline"
    return " / ".join(_ratio(value) for value in _values(ratios))


def _values(ratios: Ratios) -> tuple[float | None, ...]:
    return ratios.p50, ratios.p95, ratios.p99


def _ratio(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _about(one: BenchedScenario) -> Iterator[str]:
    kind = _KINDS[one.world]
    pace = one.sagas / one.duration_s if one.duration_s else 0.0
    beside = "one process" if one.concurrency == 1 else f"{one.concurrency} processes"
    yield f"{one.title}: {kind} seconds, {one.refused} refused, {beside}, {pace:,.0f} sagas/s"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
