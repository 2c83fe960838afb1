"""Which scenarios of a report have a compensation latency to show, and which percentiles of it.

What is measured is defined in `harness.latency`; `reports.figures` draws it.
"""

from __future__ import annotations

from harness.latency import NEEDED
from harness.report_model import CompensationLatency, Report


def measured(report: Report) -> dict[str, CompensationLatency]:
    """Scenario title to its latency, where there is one."""
    return {
        one.title: one.compensation_latency_s
        for one in report.scenarios
        if one.compensation_latency_s is not None
        and one.compensation_latency_s.n
        and one.compensation_latency_s.p50 is not None
    }


def carried(latency: CompensationLatency) -> dict[str, float | None]:
    """p50, p95 and p99 in seconds, None for one that the sample does not carry."""
    values = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99}
    return {name: value if latency.n >= NEEDED[name] else None for name, value in values.items()}
