from __future__ import annotations

import io
from pathlib import Path

from harness.report_model import Report
from reports.bundle import Bundle, read_bundle
from reports.console import CampaignConsole
from tests.unit.reports.samples import failing, inconclusive, passing, report, write_findings
from tests.unit.reports.snapshots import check_snapshot


class Clock:
    def __init__(self) -> None:
        self.at_s = 0.0

    def now_s(self) -> float:
        return self.at_s


def shown(given: Report, tmp_path: Path, *, interactive: bool = False) -> str:
    clock, out = Clock(), io.StringIO()
    console = CampaignConsole(out, interactive=interactive, now_s=clock.now_s)
    for scenario in given.scenarios:
        console.began(scenario.name, scenario.world, planned=scenario.runs)
        for done in (1, scenario.runs // 2, scenario.runs):
            clock.at_s += 6
            console.progressed(done, violated=1 if scenario.verdict == "fail" else 0, planned=scenario.runs)
        console.ended(scenario)
    write_findings(tmp_path)
    read = read_bundle(given, tmp_path)
    folder = Path("reports/out/latest")
    console.finished(
        Bundle(report=given, folder=folder, violations=read.violations, histories=read.histories)
    )
    return out.getvalue()


def test_plain_lines_where_nobody_watches(tmp_path: Path) -> None:
    text = shown(report(passing(), failing()), tmp_path)
    assert "\x1b" not in text
    check_snapshot(text, "console-fail.txt")


def test_inconclusive_says_what_is_missing(tmp_path: Path) -> None:
    check_snapshot(shown(report(passing(), inconclusive()), tmp_path), "console-inconclusive.txt")


def test_the_smallest_counterexample_is_the_last_thing(tmp_path: Path) -> None:
    last = shown(report(passing(), failing()), tmp_path).rstrip().splitlines()[-1]
    path = "reports/out/latest/failures/order-sim-no_orphaned_resources.json"
    assert last == f"  Replay: saga-chaos replay {path}"


def test_a_terminal_gets_colour_and_is_left_as_it_was(tmp_path: Path) -> None:
    text = shown(report(passing(), failing()), tmp_path, interactive=True)
    assert "\x1b[" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")  # the cursor comes back


def test_what_is_ahead_is_told_while_it_runs() -> None:
    clock, out = Clock(), io.StringIO()
    console = CampaignConsole(out, interactive=False, now_s=clock.now_s)
    console.began("order", "sim")
    for left_s in (95.4, 0.2, 900.0, 10_000.0, None):
        clock.at_s += 11
        console.progressed(1_200, planned=61_000, left_s=left_s)
    assert out.getvalue().splitlines()[1:] == [
        "order (sim): 1,200 of 61,000 runs, about 95 s left",
        "order (sim): 1,200 of 61,000 runs, about 1 s left",
        "order (sim): 1,200 of 61,000 runs, about 15 min left",
        "order (sim): 1,200 of 61,000 runs, about 3 h left",
        "order (sim): 1,200 of 61,000 runs",
    ]


def test_on_a_terminal_it_stands_beside_the_bar() -> None:
    clock, out = Clock(), io.StringIO()
    console = CampaignConsole(out, interactive=True, now_s=clock.now_s)
    console.began("order", "sim")
    console.progressed(1_200, planned=61_000, left_s=95.4, violated=1)
    console.interrupted()
    assert "1200/61" in out.getvalue()
    assert "about 95 s left, 1 invariant violated" in out.getvalue()
