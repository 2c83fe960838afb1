"""Which figures a report has: in its page, and as files in `figures/`.

Owns the choice and what each says of its sample. Refuses to draw one that has nothing to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compensation import Compensation, compensations
from harness.errors import ReportError
from harness.history import History
from harness.json_files import write_whole
from harness.report_model import CompensationLatency
from reports import coverage
from reports.bundle import Bundle, checked_history
from reports.figures.axes import (
    ecdf_axes,
    ecdf_height,
    matrix_axes,
    percentile_axes,
    phase_axes,
    run_axes,
    step_axes,
)
from reports.figures.data import table
from reports.figures.drawing import Drawing
from reports.figures.frame import Palette
from reports.findings import Finding, findings
from reports.latency import measured
from reports.words import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FOLDER = "figures"
MOST_RUNS = 6
"""Timelines of findings as files; each takes a third of a second."""

MOST_HISTORIES = 500
_LEAST = 2
_LONGEST = 80


def percentile_drawing(given: Mapping[str, CompensationLatency]) -> Drawing:
    """p50, p95 and p99, a line each name."""
    return Drawing(
        name="latency-percentiles",
        title="Compensation latency: p50, p95 and p99",
        size=(4.8, 0.7 + 0.52 * len(given)),
        draw=lambda axes, palette: percentile_axes(axes, given, palette),
        caption="Of all runs; the larger dot is p99, where 100 sagas or more carry it.",
    )


def latency_drawings(bundle: Bundle) -> list[Drawing]:
    """Of all runs, where they are recorded; where the time goes, of those whose history was kept."""
    known = measured(bundle.report)
    found, sample = _kept(bundle)
    lines = _recorded(bundle)
    drawings = [percentile_drawing(known)] if known else []
    if max(len(found), len(lines)) < _LEAST:
        return drawings  # to import pandas takes longer than all the rest of such a report
    kept, recorded = table(found), _frame(lines)
    every = recorded if len(recorded) >= _LEAST else kept
    told = f"{counted(len(every), 'saga')} of all runs." if every is recorded else sample
    if len(every) >= _LEAST:
        drawings.append(_ecdf(every, told))
    if len(kept) >= _LEAST:
        drawings.append(_phases(kept, sample))
    if len(every) >= _LEAST:
        drawings.append(_by_step(bundle, kept, sample))
    return drawings


def drawings(bundle: Bundle) -> list[Drawing]:
    """Every figure of a report."""
    found = findings(bundle)
    return [*latency_drawings(bundle), *_matrices(bundle, found), *_runs(found)]


def write_figures(bundle: Bundle, out: Path) -> tuple[Path, ...]:
    """`figures/*.svg` and `figures/*.png`; returns what was written."""
    written = []
    for one in drawings(bundle):
        for ending, content in (("svg", one.svg()), ("png", one.png())):
            path = out / FOLDER / f"{one.name}.{ending}"
            write_whole(path, content)
            written.append(path)
    return tuple(written)


def _kept(bundle: Bundle) -> tuple[list[tuple[str, Compensation]], str]:
    """The sagas of the kept histories that compensated, and what they are a sample of."""
    paths = sorted((bundle.folder / "histories").glob("*.ndjson"))
    read = [one for path in paths[:MOST_HISTORIES] if (one := _history(path)) is not None]
    given = [
        (f"{history.began.scenario} ({history.began.world})", one)
        for history in read
        for one in compensations(history)
    ]
    more = (
        f" Of {len(paths):,} histories the first {MOST_HISTORIES} are read."
        if len(paths) > MOST_HISTORIES
        else ""
    )
    unread = min(len(paths), MOST_HISTORIES) - len(read)
    more += f" {counted(unread, 'history file')} could not be read." if unread else ""
    sample = (
        f"{counted(len(given), 'saga')} of {counted(len(read), 'kept run')}: counterexamples and fault-free "
        f"runs, not all that were made.{more}"
    )
    return given, sample


def _history(path: Path) -> History | None:
    """None for one that cannot be read: a figure of the others says how many it rests on."""
    try:
        return checked_history(path)
    except ReportError:
        return None


def _recorded(bundle: Bundle) -> list[tuple[str, float]]:
    """Scenario and seconds of every saga that compensated, by the file of all runs."""
    return [(title, value) for title, runs in bundle.runs.items() for value in runs.compensation_s]


def _frame(lines: list[tuple[str, float]]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - see the package's docstring

    return pd.DataFrame(lines, columns=["scenario", "latency_s"])


def _ecdf(given: pd.DataFrame, told: str) -> Drawing:
    return Drawing(
        name="latency-ecdf",
        title="How many had compensated by then",
        size=(4.8, ecdf_height(int(given["scenario"].nunique()))),
        draw=lambda axes, palette: ecdf_axes(axes, given, palette),
        caption=told,
    )


def _phases(given: pd.DataFrame, told: str) -> Drawing:
    return Drawing(
        name="latency-phases",
        title="Where the time goes",
        size=(4.8, 1.5 + 0.7 * int(given["scenario"].nunique())),
        draw=lambda axes, palette: phase_axes(axes, given, palette),
        caption=told,
    )


def _by_step(bundle: Bundle, kept: pd.DataFrame, sample: str) -> Drawing:
    """By the operation that a single fault struck, where all runs are recorded; else by the failed step."""
    import pandas as pd  # noqa: PLC0415 - see the package's docstring

    lines = [
        (operation, value)
        for runs in bundle.runs.values()
        for operation, values in runs.by_struck_s.items()
        for value in values
    ]
    given = pd.DataFrame(lines, columns=["failed_step", "latency_s"]) if lines else kept
    told = f"{counted(len(lines), 'saga')} of runs with a single fault." if lines else sample
    return Drawing(
        name="latency-by-step",
        title="By the operation that a single fault struck" if lines else "By the step that failed",
        size=(4.8, 1.2 + 0.45 * int(given["failed_step"].nunique())),
        draw=lambda axes, palette: step_axes(axes, given, palette),
        caption=f"The line is the median. {told}",
    )


def _matrices(bundle: Bundle, found: tuple[Finding, ...]) -> list[Drawing]:
    made = []
    for number, scenario in enumerate(bundle.report.scenarios, start=1):
        grid = coverage.matrix(scenario, found, bundle.runs.get(scenario.title))
        if grid is not None:
            size = (2.8 + 0.42 * len(grid.kinds), 1.6 + 0.36 * len(grid.lines))
            title = f"Coverage of {scenario.title}"
            made.append(
                Drawing(name=f"coverage-{number}", title=title, size=size, draw=partial(_draw_matrix, grid))
            )
    return made


def _runs(found: tuple[Finding, ...]) -> list[Drawing]:
    made = []
    for number, one in enumerate(
        [each for each in found if each.history is not None and each.history.calls][:MOST_RUNS], start=1
    ):
        assert one.history is not None
        calls = min(len(one.history.calls), 60)
        made.append(
            Drawing(
                name=f"run-{number}",
                title=one.title if len(one.title) <= _LONGEST else f"{one.title[: _LONGEST - 1]}…",
                size=(8.0, 1.2 + 0.3 * calls),
                draw=partial(_draw_run, one.history),
            )
        )
    return made


def _draw_matrix(grid: coverage.Matrix, axes: Axes, palette: Palette) -> None:
    matrix_axes(axes, grid, palette)


def _draw_run(history: History, axes: Axes, palette: Palette) -> str:
    return run_axes(axes, history, palette)
