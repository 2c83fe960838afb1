"""The axes: what each figure shows, and what it says where it shows only a part.

Owns marks, labels and order. Refuses to choose colours, scales and grids (`reports.figures.frame`), and to
write files (`reports.figures.drawing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from harness.compensation import PHASES
from harness.history import Call, History
from harness.report_model import CompensationLatency
from harness.saga import Direction
from reports.coverage import Matrix, State
from reports.figures.data import MOST_DOTS, MOST_POINTS, PHASE_WORDS, sampled
from reports.figures.frame import Palette, finish, legend, line_of, name_of, scale, scale_of
from reports.latency import carried
from reports.rows import came_of, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch

MOST_CALLS = 60
_FEW = 4
"""Series that have room for their legend beside their lines."""


_HATCHES = ("", "///", "...", "xxx")


def percentile_axes(axes: Axes, latencies: Mapping[str, CompensationLatency], palette: Palette) -> None:
    """A line a scenario, with dots at p50, p95 and, larger, p99, as far as its sample carries them."""
    told = {name: carried(one) for name, one in latencies.items()}
    for row, (name, one) in enumerate(told.items()):
        points = {each: value for each, value in one.items() if value is not None}
        tone, height = palette.of(0), [row] * len(points)
        axes.plot(list(points.values()), height, color=tone, linewidth=2, clip_on=False)
        sizes = [64 if each == "p99" else 36 for each in points]
        axes.scatter(list(points.values()), height, s=sizes, color=tone, zorder=3, clip_on=False)
        _over(axes, row, name, palette)
    scale(axes, [value for one in told.values() for value in one.values() if value is not None])
    axes.set_ylim(max(1, len(latencies)) - 0.5, -0.8)
    axes.margins(x=0.08)
    axes.set_yticks([])
    finish(axes, palette, x="seconds", grid="x")


def ecdf_axes(axes: Axes, given: pd.DataFrame, palette: Palette, most: int = MOST_POINTS) -> str:
    """A step line a scenario: which share of its sagas had compensated by then. Returns what is left out."""
    notes = []
    every = [float(one) for one in given["latency_s"]]
    from_nought = scale_of(every) != "log"
    for index, (name, group) in enumerate(given.groupby("scenario", sort=False)):
        values = [float(one) for one in group["latency_s"]]
        drawn = sampled(values, most)
        shares = [(rank + 1) / len(drawn) for rank in range(len(drawn))]
        axes.step(
            [0.0 if from_nought else drawn[0], *drawn],
            [0.0, *shares],
            where="post",
            color=palette.of(index),
            linestyle=line_of(index),
            linewidth=1.8,
            label=f"{name_of(str(name))}, {len(values):,}",
        )
        if len(drawn) < len(values):
            notes.append(f"{name}: {len(drawn):,} of {len(values):,} sagas are drawn, evenly by rank.")
    scale(axes, every)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("share of sagas", color=palette.ink)
    legend(axes, palette, below=len(axes.lines) > _FEW)
    finish(axes, palette, x="seconds until compensated", grid="both")
    return " ".join(notes)


def ecdf_height(series: int) -> float:
    """Inches of a figure: its legend takes a line for each, below the axes where they are many."""
    return 3.2 + (0.19 * series if series > _FEW else 0.0)


def phase_axes(axes: Axes, given: pd.DataFrame, palette: Palette) -> None:
    """A bar a scenario: the mean of each phase, one after the other."""
    means = given.groupby("scenario", sort=False)[list(PHASES)].mean()
    left = [0.0] * len(means)
    for index, phase in enumerate(PHASES):
        widths = [float(one) for one in means[phase]]
        axes.barh(
            range(len(means)),
            widths,
            left=left,
            color=palette.of(index),
            hatch=_HATCHES[index],
            edgecolor=palette.paper,
            height=0.4,
            label=PHASE_WORDS[phase],
        )
        left = [one + width for one, width in zip(left, widths, strict=True)]
    for row, name in enumerate(means.index):
        _over(axes, row, str(name), palette)
    axes.set_ylim(max(1, len(means)) - 0.5, -0.8)
    axes.set_xlim(left=0)
    axes.set_yticks([])
    finish(axes, palette, x="seconds, mean", grid="x")
    legend(axes, palette, below=True, columns=2)


def _over(axes: Axes, row: float, name: str, palette: Palette) -> None:
    """A name over its row, where it has room."""
    axes.text(
        0, row - 0.28, name_of(name), color=palette.ink, va="bottom", transform=axes.get_yaxis_transform()
    )


def step_axes(axes: Axes, given: pd.DataFrame, palette: Palette, most: int = MOST_DOTS) -> str:
    """A row a failed step: every saga a dot, the median a line. Returns what is left out."""
    steps = list(dict.fromkeys(str(one) for one in given["failed_step"]))
    notes = []
    for row, step in enumerate(steps):
        values = [float(one) for one in given.loc[given["failed_step"] == step, "latency_s"]]
        drawn = sampled(values, most)
        axes.scatter(drawn, [row] * len(drawn), s=22, color=palette.of(0), alpha=0.5, zorder=3)
        middle = median(values)
        axes.plot([middle, middle], [row - 0.28, row + 0.28], color=palette.bad, linewidth=2, zorder=4)
        if len(drawn) < len(values):
            notes.append(f"{step}: {len(drawn):,} of {len(values):,} sagas are drawn, evenly by rank.")
    counts = [int((given["failed_step"] == step).sum()) for step in steps]
    labels = [f"{name_of(step)} ({count:,})" for step, count in zip(steps, counts, strict=True)]
    axes.set_yticks(range(len(steps)), labels, color=palette.ink)
    scale(axes, [float(one) for one in given["latency_s"]])
    axes.set_ylim(max(1, len(steps)) - 0.5, -0.5)
    finish(axes, palette, x="seconds until compensated", grid="x")
    return " ".join(notes)


def matrix_axes(axes: Axes, given: Matrix, palette: Palette) -> None:
    """Operations down, kinds across; each cell has its colour and its text."""
    fills = {
        State.VIOLATED: palette.bad,
        State.HELD: palette.good,
        State.FIRED: palette.mute,
        State.UNFIRED: palette.warn,
    }
    for row, (_, cells) in enumerate(given.lines):
        for column, cell in enumerate(cells):
            fill = fills.get(cell.state)
            if fill is not None:
                place = (column - 0.5, row - 0.5)
                axes.add_patch(_square(place, fill, palette.paper))
            if cell.text:
                tone = palette.paper if fill is not None else palette.mute
                axes.text(column, row, cell.text, ha="center", va="center", color=tone, fontsize=9)
    axes.set_xlim(-0.5, len(given.kinds) - 0.5)
    axes.set_ylim(max(1, len(given.lines)) - 0.5, -0.5)
    kinds = [name_of(kind) for kind in given.kinds]
    axes.set_xticks(
        range(len(kinds)), kinds, rotation=60, ha="left", rotation_mode="anchor", color=palette.ink
    )
    axes.set_yticks(range(len(given.lines)), [name_of(name) for name, _ in given.lines], color=palette.ink)
    axes.xaxis.tick_top()
    finish(axes, palette, x="", grid="")


def run_axes(axes: Axes, history: History, palette: Palette, most: int = MOST_CALLS) -> str:
    """A bar a call, from sent to its end; struck ones are red. Returns what is left out."""
    shown = sampled_calls(history.calls, most)
    end_s = history.events[-1].t_s
    for row, call in enumerate(shown):
        stop_s = call.end_s if call.end_s is not None else end_s
        struck = any(fault.participant is None for fault in call.faults)
        tone = palette.bad if struck else palette.of(_WAYS.get(call.sent.direction, 2))
        width = max(stop_s - call.sent.t_s, end_s * 0.004)
        axes.barh(row, width, left=call.sent.t_s, height=0.6, color=tone, hatch="///" if struck else "")
        axes.text(
            call.sent.t_s + width,
            row,
            f"  {name_of(came_of(call))}",
            va="center",
            color=palette.ink,
            fontsize=8,
        )
    sagas = history.began.saga_ids
    whose = {id_: f"saga {number}: " for number, id_ in enumerate(sagas, start=1) if len(sagas) > 1}
    labels = [name_of(f"{whose.get(call.sent.saga_id, '')}{_way(call)}{request(call)}") for call in shown]
    axes.set_yticks(range(len(shown)), labels, color=palette.ink)
    axes.set_ylim(max(1, len(shown)) - 0.5, -0.5)
    axes.set_xlim(0, max(end_s * 1.25, 0.001))
    finish(axes, palette, x="seconds since the run began", grid="x")
    left = len(history.calls) - len(shown)
    return f"{len(shown):,} of {len(history.calls):,} calls are drawn." if left else ""


def sampled_calls(calls: Sequence[Call], most: int) -> list[Call]:
    """Those that a fault struck first of all, then evenly over the run, in the order of the run."""
    if len(calls) <= most:
        return list(calls)
    struck = [index for index, call in enumerate(calls) if call.faults][:most]
    room = most - len(struck)
    even = [round(place * (len(calls) - 1) / max(1, room - 1)) for place in range(room)]
    return [calls[index] for index in sorted({*struck, *even})]


_WAYS: dict[Direction | None, int] = {Direction.ACTION: 0, Direction.COMPENSATION: 1}


def _way(call: Call) -> str:
    return "undo " if call.sent.direction is Direction.COMPENSATION else ""


def _square(place: tuple[float, float], fill: str, edge: str) -> Patch:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see the package's docstring

    return Rectangle(place, 1, 1, facecolor=fill, edgecolor=edge, linewidth=1)
