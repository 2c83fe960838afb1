"""A benchmark as lines for people and as figures.

Owns the wording and the layout of what `harness.bench` measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from harness.bench.result import Bench, Cell, Phases, Spent, ValueWithInterval
from harness.latency import NEEDED
from harness.saga import Status
from reports.escape import printable
from reports.figures.axes import ecdf_axes, ecdf_height, phase_axes
from reports.figures.drawing import Drawing
from reports.words import counted, seconds

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {"sim": "virtual", "wire": "real"}
_HEAD = ("made to fail", "load", "p50 (95 % interval)", "p95", "p99", "compensated")
MOST_CELLS = 12
"""In a figure: more lines cannot be told apart."""


def bench_lines(bench: Bench, *, compared: bool) -> list[str]:
    """For each scenario a table of its cells, where the time went, and what was left out."""
    lines = ["Compensation latency, from knowing of the abort to having undone all"]
    for (name, world), group in groupby(bench.cells, key=lambda one: (one.name, one.world)):
        cells = list(group)
        under_way = f"; messages are under way {bench.profile}" if bench.profile else ""
        lines += ["", f"{printable(name)} ({world}), {_KINDS[world]} seconds{under_way}", ""]
        lines += [*_rows(cells, compared=compared), ""]
        lines += [f"  {line}" for cell in cells for line in _about(cell)]
        lines += [
            f"  Left out: {one.abort}: {one.why}."
            for one in bench.left_out
            if (one.name, one.world) == (name, world)
        ]
    return lines


def _rows(cells: Sequence[Cell], *, compared: bool) -> list[str]:
    rows = [_HEAD, *(_row(one) for one in cells)]
    if compared:
        told = ["to baseline", *(_ratio(one) for one in cells)]
        rows = [(*row, one) for row, one in zip(rows, told, strict=True)]
    return _aligned(rows)


def _row(one: Cell) -> tuple[str, ...]:
    latency = one.latency_s
    return (
        f"{one.failed_step} by {one.fault}",
        _load(one),
        _with_interval(latency.p50),
        _carried(latency.p95, latency.n, "p95"),
        _carried(latency.p99, latency.n, "p99"),
        f"{latency.n} of {one.sagas}",
    )


def _load(one: Cell) -> str:
    return f"{one.concurrency} at once" if one.rate is None else f"{one.rate:g}/s"


def _with_interval(found: ValueWithInterval | None) -> str:
    if found is None:
        return "-"
    low, high = (seconds(value) if value is not None else "?" for value in (found.low, found.high))
    return f"{seconds(found.value)} ({low} to {high})"


def _carried(found: ValueWithInterval | None, n: int, name: str) -> str:
    if found is not None:
        return seconds(found.value)
    return f"needs {NEEDED[name]}" if n else "-"


def _ratio(one: Cell) -> str:
    slower = one.to_baseline
    if slower is None:
        return "not in the baseline, or too few"
    return f"{slower.ratio:.2f} ({slower.low:.2f} to {slower.high:.2f})"


def _about(one: Cell) -> Iterator[str]:
    """Where the time goes, and those that did not compensate."""
    where = f"{one.failed_step} by {one.fault}, {_load(one)}"
    if one.phases is not None and one.spent is not None:
        messages = "" if one.messages is None else f" ({one.messages:g} messages, one after the other)"
        yield f"{where}: {_phases(one.phases)}; of the latency {_spent(one.spent, messages)}."
    for remark in one.remarks:
        yield f"  Note: {remark}."
    others = {word: n for word, n in one.ended.items() if word != Status.COMPENSATED}
    if others:
        told = ", ".join(f"{n} {word}" for word, n in others.items())
        yield f"{where}: {told}; they are no part of the latency."
    if one.rate is not None and one.response_s.p50 is not None:
        told = _with_interval(one.response_s.p50)
        yield f"  From when a saga was to start until it told its outcome: {told}."


def _phases(phases: Phases) -> str:
    """Those that took any time."""
    told = {
        "from fault to noticed": phases.noticed_s,
        "to first undo": phases.decided_s,
        "to last undo acknowledged": phases.undone_s,
        "to outcome": phases.told_s,
    }
    return ", ".join(f"{name} {seconds(value)}" for name, value in told.items() if value) or "no time at all"


def _spent(spent: Spent, messages: str) -> str:
    waits = {
        "back-off": spent.retry_s,
        "polling": spent.polling_s,
        "between calls": spent.pace_s,
    }
    told = [f"{seconds(value)} {name}" for name, value in waits.items() if value]
    return ", ".join([f"{seconds(spent.in_calls_s)} in calls{messages}", *told])


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


# Figures --------------------------------------------------------------------------------------


def bench_drawings(bench: Bench, table: pd.DataFrame) -> list[Drawing]:
    """The distribution and the phases, a line or a bar each cell. table: as `reports.bench_table` has it."""
    shown = [cell for cell in bench.cells if cell.latency_s.n][:MOST_CELLS]
    if not shown:
        return []
    given = _titled(table, shown)
    left = sum(1 for cell in bench.cells if cell.latency_s.n) - len(shown)
    more = f" {counted(left, 'cell')} more in bench.csv." if left else ""
    return [
        Drawing(
            name="bench",
            title="How many had compensated by then",
            size=(7.2, ecdf_height(len(shown)) + 0.4),
            draw=lambda axes, palette: ecdf_axes(axes, given, palette),
            caption=f"All sagas that compensated.{more}",
        ),
        Drawing(
            name="bench-phases",
            title="Where the time of a compensation goes",
            size=(7.2, 1.3 + 0.52 * len(shown)),
            draw=lambda axes, palette: phase_axes(axes, given, palette),
            caption=f"Means of the phases.{more}",
        ),
    ]


def _titled(table: pd.DataFrame, cells: Sequence[Cell]) -> pd.DataFrame:
    """Of these cells the sagas that compensated; `scenario` is the cell's title, short."""
    several = len({(cell.name, cell.world) for cell in cells}) > 1
    parts = []
    for cell in cells:
        chosen = table[
            (table["scenario"] == cell.name)
            & (table["world"] == cell.world)
            & (table["failed_step"] == cell.failed_step)
            & (table["fault"] == cell.fault)
            & (table["concurrency"] == cell.concurrency)
            & (table["rate"].isna() if cell.rate is None else table["rate"] == cell.rate)
            & table["latency_s"].notna()
        ]
        load = f"x{cell.concurrency}" if cell.rate is None else _load(cell)
        short = f"{cell.failed_step} {cell.fault} {load}"
        parts.append(chosen.assign(scenario=f"{cell.name} {short}" if several else short))
    import pandas as pd  # noqa: PLC0415 - half a second

    return pd.concat(parts)
