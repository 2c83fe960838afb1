"""Figures by their axes and their data, not by their looks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from harness.compensation import PHASES, Compensation, compensation_seconds, compensations
from harness.history import CallAnswered, History, RunBegan, write_history
from harness.history.events import AnyEvent
from harness.report_model import CompensationLatency, Report, write_report
from reports.bundle import read_bundle
from reports.coverage import matrix
from reports.figures.axes import (
    ecdf_axes,
    matrix_axes,
    percentile_axes,
    phase_axes,
    run_axes,
    sampled_calls,
    step_axes,
)
from reports.figures.choice import drawings, write_figures
from reports.figures.data import sampled, table
from reports.figures.frame import Palette
from tests.unit.reports.samples import (
    SAGA,
    failing,
    late_charge,
    lost_charge,
    passing,
    report,
    sent,
    write_findings,
)

PALETTE = Palette()


@pytest.fixture
def axes() -> Axes:
    return Figure().add_subplot()


def numbers(given: ArrayLike) -> list[float]:
    found: list[float] = np.asarray(given, dtype=float).tolist()
    return found


def compensation(
    latency_s: float, scenario: str = "order (sim)", step: str = "charge"
) -> tuple[str, Compensation]:
    return scenario, Compensation(
        saga_id="s",
        failed_step=step,
        fault="none",
        latency_s=latency_s,
        noticed_s=1.0,
        decided_s=2.0,
        undone_s=3.0,
        told_s=4.0,
    )


def test_the_phases_of_a_saga_follow_each_other() -> None:
    (one,) = compensations(lost_charge())
    assert (one.failed_step, one.fault) == ("charge", "lose_reply")
    assert one.noticed_s == pytest.approx(4.999)  # struck at 0.003, given up at 5.002
    assert one.decided_s == 0
    assert one.undone_s == pytest.approx(0.002)
    assert one.told_s == 0
    assert (one.latency_s,) == pytest.approx(compensation_seconds(lost_charge()))
    assert one.latency_s == pytest.approx(one.decided_s + one.undone_s + one.told_s)


def test_the_latency_is_that_of_the_harness_for_a_long_run_too() -> None:
    (one,) = compensations(late_charge())
    assert (one.latency_s,) == pytest.approx(compensation_seconds(late_charge()))
    assert one.latency_s == pytest.approx(one.decided_s + one.undone_s + one.told_s)


def test_an_ecdf_steps_from_nought_to_one(axes: Axes) -> None:
    given = table([compensation(value) for value in (3.0, 1.0, 2.0, 2.0)])
    assert ecdf_axes(axes, given, PALETTE) == ""
    (line,) = axes.lines
    assert numbers(line.get_xdata()) == [0.0, 1.0, 2.0, 2.0, 3.0]
    assert numbers(line.get_ydata()) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert axes.get_xlabel() == "seconds until compensated"
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["order (sim), 4"]


def test_scenarios_are_told_apart_by_their_lines_too(axes: Axes) -> None:
    ecdf_axes(axes, table([compensation(1.0, "a"), compensation(2.0, "b")]), PALETTE)
    assert len({line.get_linestyle() for line in axes.lines}) == 2


def test_no_two_of_sixteen_scenarios_look_the_same(axes: Axes) -> None:
    given = table([compensation(1.0 + number, f"order {number}") for number in range(16)])
    ecdf_axes(axes, given, PALETTE)
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 16
    assert axes.get_legend() is None  # it stands below, where it hides no line
    (legend,) = axes.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [f"order {number}, 1" for number in range(16)]


def test_long_names_that_end_otherwise_stay_apart(axes: Axes) -> None:
    given = table([compensation(1.0, f"{'order-fulfilment ' * 4} x{number}") for number in (1, 8)])
    phase_axes(axes, given, PALETTE)
    names = [text.get_text() for text in axes.texts]
    assert [name[-3:] for name in names] == [" x1", " x8"]
    assert max(map(len, names)) == 40


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        ((0.004, 300.0), "log", 0.004),
        ((0.0, 0.004, 300.0), "symlog", 0.0),
        ((0.004, 0.3), "linear", 0.0),
        ((0.0, 0.0), "linear", 0.0),
    ],
)
def test_latencies_of_milliseconds_and_of_minutes_are_both_seen(
    axes: Axes, values: tuple[float, ...], kind: str, first: float
) -> None:
    ecdf_axes(axes, table([compensation(value) for value in values]), PALETTE)
    assert axes.get_xscale() == kind
    assert numbers(axes.lines[0].get_xdata())[0] == first
    assert axes.get_xlabel() == f"seconds until compensated{'' if kind == 'linear' else ' (logarithmic)'}"
    least, greatest = axes.get_xlim()
    assert least <= min(values)
    assert greatest >= max(values)
    if kind == "log":
        axes.figure.draw_without_rendering()  # type: ignore[union-attr]
        assert "10 ms" in [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize(("n", "dots"), [(19, [1.0]), (99, [1.0, 2.0]), (100, [1.0, 2.0, 3.0])])
def test_no_percentile_is_drawn_that_the_sample_does_not_carry(axes: Axes, n: int, dots: list[float]) -> None:
    percentile_axes(axes, {"order": CompensationLatency(p50=1.0, p95=2.0, p99=3.0, n=n)}, PALETTE)
    (drawn,) = axes.collections
    assert [x for x, _ in drawn.get_offsets().tolist()] == dots  # type: ignore[union-attr]


def test_a_large_one_is_sampled_and_says_so(axes: Axes) -> None:
    given = table([compensation(float(value)) for value in range(5_000)])
    told = ecdf_axes(axes, given, PALETTE, most=100)
    assert told == "order (sim): 100 of 5,000 sagas are drawn, evenly by rank."
    drawn = numbers(axes.lines[0].get_xdata())[1:]
    assert (len(drawn), drawn[0], drawn[-1]) == (100, 0.0, 4_999.0)
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_texts()[0].get_text().endswith("5,000")


def test_sampling_keeps_order_ends_and_small_ones_whole() -> None:
    assert sampled([3, 1, 2]) == [1, 2, 3]
    made = sampled([float(value) for value in range(1_000)], 11)
    assert made == sorted(made)
    assert (made[0], made[5], made[-1]) == (0.0, 500.0, 999.0)


def test_phases_are_stacked_without_a_gap(axes: Axes) -> None:
    given = table([compensation(1.0), compensation(2.0), compensation(1.0, "other")])
    phase_axes(axes, given, PALETTE)
    assert len(axes.containers) == len(PHASES)
    lefts = [[patch.get_x() for patch in bars] for bars in axes.containers]
    widths = [[patch.get_width() for patch in bars] for bars in axes.containers]
    assert lefts == [[0, 0], [1, 1], [3, 3], [6, 6]]
    assert widths == [[1, 1], [2, 2], [3, 3], [4, 4]]
    assert {text.get_text() for text in axes.texts} == {"order (sim)", "other"}


def test_by_step_every_saga_is_a_dot_and_the_median_a_line(axes: Axes) -> None:
    given = table([*(compensation(value) for value in (1.0, 2.0, 9.0)), compensation(5.0, step="ship")])
    step_axes(axes, given, PALETTE)
    dots = [collection.get_offsets().tolist() for collection in axes.collections]  # type: ignore[union-attr]
    assert dots == [[[1.0, 0.0], [2.0, 0.0], [9.0, 0.0]], [[5.0, 1.0]]]
    assert [line.get_xdata()[0] for line in axes.lines] == [2.0, 5.0]  # type: ignore[index]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["charge (3)", "ship (1)"]


def test_the_matrix_has_a_text_in_every_cell_that_is_not_blank(axes: Axes) -> None:
    made = matrix(failing())
    assert made is not None
    matrix_axes(axes, made, PALETTE)
    expected = [cell.text for _, cells in made.lines for cell in cells if cell.text]
    assert [text.get_text() for text in axes.texts] == expected
    assert [label.get_text() for label in axes.get_xticklabels()] == list(made.kinds)
    assert [label.get_text() for label in axes.get_yticklabels()] == [name for name, _ in made.lines]


def test_a_run_has_a_bar_a_call_and_the_struck_one_stands_out(axes: Axes) -> None:
    assert run_axes(axes, lost_charge(), PALETTE) == ""
    bars = axes.patches
    starts = [bar.get_x() for bar in bars]  # type: ignore[attr-defined]
    assert starts == pytest.approx([0.0, 0.002, 5.002])
    assert bars[1].get_width() == pytest.approx(5.0)  # type: ignore[attr-defined]
    assert [bool(bar.get_hatch()) for bar in bars] == [False, True, False]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["POST /reservations", "POST /charges", "undo DELETE /reservations/r-1"]


def test_a_run_of_several_sagas_says_whose_call_it_is(axes: Axes) -> None:
    events = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA, "two"), input={}),
        sent(1, 0.0, "charge", "POST /charges"),
        msgspec.structs.replace(sent(2, 0.0, "charge", "POST /charges"), saga_id="two"),
    )
    run_axes(axes, History(events), PALETTE)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["saga 1: POST /charges", "saga 2: POST /charges"]


def long_run(calls: int) -> History:
    events: list[AnyEvent] = [RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={})]
    for number in range(1, calls + 1):
        events.append(sent(number, float(number), "charge", "POST /charges", nth=number))
        events.append(CallAnswered(t_s=number + 0.5, call=number, status=201))
    return History(tuple(events))


def test_a_long_run_is_sampled_and_says_so(axes: Axes) -> None:
    told = run_axes(axes, long_run(5_000), PALETTE)
    assert told == "60 of 5,000 calls are drawn."
    assert len(axes.patches) == 60
    calls = late_charge().calls
    kept = sampled_calls(calls, 5)
    assert calls[0] in kept  # the one that was struck
    assert len(kept) <= 5


def test_a_run_without_any_call_is_drawn_empty_and_not_written(tmp_path: Path, axes: Axes) -> None:
    silent = History(lost_charge().events[:3])
    assert run_axes(axes, silent, PALETTE) == ""
    assert not axes.patches
    write_findings(tmp_path)
    write_history(silent, tmp_path / "histories" / "order-1.ndjson")
    names = [one.name for one in drawings(read_bundle(report(failing()), tmp_path))]
    assert not [name for name in names if name.startswith("run-")]


def test_every_figure_is_written_in_both_forms_and_the_same_each_time(tmp_path: Path) -> None:
    write_findings(tmp_path)
    write_history(late_charge(), tmp_path / "histories" / "second.ndjson")
    given = report(failing(), passing())
    write_report(given, tmp_path / "report.json")
    read = read_bundle(given, tmp_path)
    names = [one.name for one in drawings(read)]
    assert names == [
        "latency-percentiles",
        "latency-ecdf",
        "latency-phases",
        "latency-by-step",
        "coverage-1",
        "run-1",
        "run-2",
    ]
    written = write_figures(read, tmp_path)
    assert [path.name for path in written] == [f"{name}.{end}" for name in names for end in ("svg", "png")]
    first = [path.read_bytes() for path in written]
    for content, path in zip(first, written, strict=True):
        if path.suffix == ".svg":
            assert ET.fromstring(content).tag.endswith("svg")
        else:
            assert content.startswith(b"\x89PNG")
    write_figures(read, tmp_path)
    assert [path.read_bytes() for path in written] == first


def test_what_a_saga_is_called_is_no_formula_and_no_markup(tmp_path: Path) -> None:
    one = compensation(1.0, "$\\frac{1}{0}$ <b>\x1b", "$x$ & <script>")
    figure = Figure()
    ecdf_axes(figure.add_subplot(1, 2, 1), table([one, one]), PALETTE)
    step_axes(figure.add_subplot(1, 2, 2), table([one, one]), PALETTE)
    figure.savefig(tmp_path / "a.svg")
    assert ET.parse(tmp_path / "a.svg")


def bare() -> Report:
    like = passing()
    return report(type(like)(name="bare", world="sim", verdict=like.verdict, invariants=()))


def test_a_report_that_knows_of_no_latency_has_no_figure_of_it(tmp_path: Path) -> None:
    assert drawings(read_bundle(bare(), tmp_path)) == []


def test_a_report_without_a_figure_of_latency_waits_for_no_pandas(tmp_path: Path) -> None:
    write_report(bare(), tmp_path / "report.json")
    code = (
        "import sys\nfrom pathlib import Path\nfrom harness.report_model import read_report\n"
        "from reports.write import write_reports\nhere = Path(sys.argv[1])\n"
        "write_reports(read_report(here / 'report.json'), here)\n"
        "print(sorted({'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "report.html").is_file()
