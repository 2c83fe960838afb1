"""Compensation latency as a table.

Owns the pandas side; what is measured is defined in `harness.latency`, and `reports.figures` draws it.
pandas is imported late: it costs a third of a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.history import read_history
from harness.latency import compensation_seconds
from harness.report_model import CompensationLatency, Report

if TYPE_CHECKING:
    import pandas as pd

SHARES = (0.50, 0.95, 0.99)


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
