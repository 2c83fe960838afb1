from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from harness.compensation import compensation_seconds
from harness.history import ExecutorEnded, History
from harness.latency import percentile, summarised
from harness.report_model import CompensationLatency
from reports.figures.choice import percentile_drawing
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


def test_percentiles_are_those_of_pandas() -> None:
    numbers = [0.3, 0.1, 4.0, 0.2, 0.25, 0.9, 1.5]
    theirs = pd.Series(numbers).quantile([0.50, 0.95, 0.99])
    one = summarised(numbers)
    assert [one.p50, one.p95, one.p99] == pytest.approx(list(theirs))
    assert one.n == len(numbers)


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


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        found = percentile([float(one) for one in random.lognormal(size=60)], 0.5)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1.0 <= found.high  # the median of this distribution
    assert 0.93 <= covered / 400 <= 0.99


def test_an_interval_has_no_end_that_the_sample_does_not_carry() -> None:
    few = percentile([0.1, 0.2, 0.3], 0.5)
    assert (few.value, few.low, few.high) == (0.2, None, None)
    tail = percentile([number / 100 for number in range(30)], 0.95)
    assert tail.low is not None
    assert tail.high is None
