"""Which scenarios of a report have a compensation latency to show.

What is measured is defined in `harness.latency`; `reports.figures` draws it.
"""

from __future__ import annotations

from harness.report_model import CompensationLatency, Report


def measured(report: Report) -> dict[str, CompensationLatency]:
    """Scenario title to its latency, where there is one."""
    return {
        one.title: one.compensation_latency_s
        for one in report.scenarios
        if one.compensation_latency_s is not None
        and one.compensation_latency_s.n
        and one.compensation_latency_s.p99 is not None
    }
