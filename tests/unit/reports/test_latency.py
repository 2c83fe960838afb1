from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness.history import ExecutorEnded, History, write_history
from harness.latency import compensation_seconds, summarised
from harness.report_model import CompensationLatency
from reports.figures.choice import percentile_drawing
from reports.latency import percentiles, seconds_of_folder
from reports.words import seconds
from tests.unit.reports.samples import SAGA, late_charge, lost_charge


def test_it_runs_from_the_last_action_to_the_outcome() -> None:
    assert compensation_seconds(lost_charge()) == pytest.approx((0.002,))
    assert compensation_seconds(late_charge()) == pytest.approx((32.0,))


def test_a_saga_that_did_not_compensate_is_not_measured() -> None:
    events = tuple(
        ExecutorEnded(t_s=one.t_s, executor=1, saga_id=SAGA, status="stuck")
        if isinstance(one, ExecutorEnded)
        else one
        for one in lost_charge().events
    )
    assert compensation_seconds(History(events)) == ()
    assert summarised(()) == CompensationLatency()


def test_histories_of_a_folder_are_measured(tmp_path: Path) -> None:
    (tmp_path / "histories").mkdir()
    write_history(lost_charge(), tmp_path / "histories" / "b.ndjson")
    write_history(late_charge(), tmp_path / "histories" / "a.ndjson")
    assert seconds_of_folder(tmp_path) == pytest.approx([32.0, 0.002])


def test_the_table_and_the_report_agree() -> None:
    numbers = [0.3, 0.1, 4.0, 0.2, 0.25, 0.9, 1.5]
    table = percentiles({"order": numbers, "none": []})
    one = summarised(numbers)
    assert list(table.loc["order"]) == pytest.approx([one.p50, one.p95, one.p99, one.n])
    assert list(table.loc["none"])[3] == 0


def test_the_figure_is_one_svg_in_the_pages_colours() -> None:
    latencies = {"a < b (sim)": CompensationLatency(p50=0.1, p95=1.0, p99=2.0, n=9)}
    svg, _ = percentile_drawing(latencies).inline()
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "currentColor" in svg
    assert "var(--accent)" in svg
    assert "a &lt; b (sim)" in svg
    assert svg == percentile_drawing(latencies).inline()[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (0.0004, "0.4 ms"),
        (0.04, "40 ms"),
        (0.9996, "1.00 s"),
        (2.5, "2.50 s"),
        (31.42, "31.4 s"),
        (600, "600 s"),
        (None, "none"),
    ],
)
def test_durations(value: float | None, text: str) -> None:
    assert seconds(value) == text


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, reports.write, reports.console, reports.gate\n"
        "print(sorted({'pandas', 'matplotlib', 'jinja2', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
