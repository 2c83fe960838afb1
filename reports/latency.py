"""Compensation latency as a table and a figure.

Owns the pandas and matplotlib side; what is measured is defined in `harness.latency`. Both
libraries are imported late: together they cost half a second.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.history import read_history
from harness.latency import compensation_seconds
from harness.report_model import CompensationLatency, Report

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SHARES = (0.50, 0.95, 0.99)
_INK, _FAINT, _DOT = "#010203", "#040506", "#070809"  # stand-ins that become the page's own colours
_THEMED = {_INK: "currentColor", _FAINT: "var(--line)", _DOT: "var(--accent)"}


def percentiles(seconds: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """One row a name, with columns p50, p95, p99 and n. A name without a number has none either."""
    import pandas as pd  # noqa: PLC0415 - see the module's docstring

    series = {name: pd.Series(list(values), dtype=float) for name, values in seconds.items()}
    columns = {f"p{share * 100:.0f}": [one.quantile(share) for one in series.values()] for share in SHARES}
    return pd.DataFrame({**columns, "n": [len(one) for one in series.values()]}, index=list(series))


def seconds_of_folder(folder: Path) -> list[float]:
    """From `histories/*.ndjson`, files in the order of their names."""
    found = sorted((folder / "histories").glob("*.ndjson"))
    return [seconds for path in found for seconds in compensation_seconds(read_history(path))]


def measured(report: Report) -> dict[str, CompensationLatency]:
    """Scenario title to its latency, where there is one."""
    return {
        one.title: one.compensation_latency_s
        for one in report.scenarios
        if one.compensation_latency_s is not None
        and one.compensation_latency_s.n
        and one.compensation_latency_s.p99 is not None
    }


def figure_svg(latencies: Mapping[str, CompensationLatency]) -> str:
    """An inline SVG in the page's colours: a line a scenario, from p50 over p95 to p99."""
    import matplotlib as mpl  # noqa: PLC0415 - see the module's docstring
    from matplotlib.figure import Figure  # noqa: PLC0415 - see the module's docstring

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "saga-chaos", "font.size": 10}):
        figure = Figure(figsize=(5.2, 0.7 + 0.52 * len(latencies)), layout="constrained")
        _draw(figure.add_subplot(), latencies)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _themed(written.getvalue())


def _draw(axes: Axes, latencies: Mapping[str, CompensationLatency]) -> None:
    for row, (name, one) in enumerate(latencies.items()):
        points = [value for value in (one.p50, one.p95, one.p99) if value is not None]
        axes.plot(points, [row] * len(points), color=_DOT, linewidth=2, clip_on=False, solid_capstyle="round")
        axes.scatter(points, [row] * len(points), s=[36, 36, 64], color=_DOT, zorder=3, clip_on=False)
        axes.text(0, row - 0.28, name, color=_INK, va="bottom", transform=axes.get_yaxis_transform())
    axes.set_ylim(len(latencies) - 0.5, -0.8)
    axes.set_xlim(left=0)
    axes.margins(x=0.08)
    axes.set_yticks([])
    axes.set_xlabel("seconds", color=_INK)
    axes.tick_params(colors=_INK, length=0)
    axes.grid(axis="x", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _themed(svg: str) -> str:
    """Only the element, scaling with the page, in its colours and font."""
    inner = svg[svg.index("<svg") :]
    for stand_in, colour in _THEMED.items():
        inner = inner.replace(stand_in, colour)
    inner = re.sub(r'(<svg[^>]*?) height="[^"]+"', r"\1", inner, count=1)
    inner = re.sub(r'(<svg[^>]*?) width="[^"]+"', r"\1", inner, count=1)
    inner = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1; font-family: inherit", inner)
    return inner.replace("<svg ", '<svg role="img" aria-label="Compensation latency, p50 to p99" ', 1)
