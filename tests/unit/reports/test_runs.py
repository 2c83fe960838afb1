"""What the file of all runs tells, whatever is wrong with it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from harness.campaign.records import RunLine
from harness.clock import real
from harness.plan import Fault, FaultPlan
from harness.report_model import Faults, SiteCount, write_report
from reports import runs as module
from reports.bundle import read_bundle
from reports.coverage import State, matrix
from reports.html import report_html
from reports.runs import read_runs
from tests.unit.reports.samples import IDS, failing, report, write_findings

CHARGE = "payments.charge.create"
TITLE = "order (sim)"
CAMPAIGN = {
    "type": "campaign",
    "format_version": 1,
    "scenarios": [{"name": "order", "world": "sim", "invariants": list(IDS), "operations": [CHARGE]}],
}
HELD = "h" * len(IDS)
BROKEN = "v" + "h" * (len(IDS) - 2) + "v"


def a_run(*faults: str, **more: Any) -> dict[str, Any]:
    """Each of `faults` is a kind that fired once, or `kind!` for one that did not."""
    return {
        "type": "run",
        "scenario": 0,
        "part": "guided",
        "number": 0,
        "saga_id": "saga-1",
        "verdicts": HELD,
        "statuses": ["completed"],
        "plan": [{"kind": kind.strip("!"), "operation": CHARGE} for kind in faults],
        "strikes": [int(not kind.endswith("!")) for kind in faults],
        **more,
    }


def written(folder: Path, *lines: object) -> Path:
    path = folder / "runs.ndjson"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in (CAMPAIGN, *lines)))
    return path


def test_what_a_later_version_says_of_a_fault_is_left_aside(tmp_path: Path) -> None:
    told = {"kind": "refuse", "operation": CHARGE, "since": "a later version"}
    written(tmp_path, a_run(plan=[told], strikes=[1]))
    found, problem = read_runs(tmp_path)
    assert (problem, found[TITLE].cells["refuse", CHARGE].fired) == ("", 1)


def test_a_fault_is_counted_where_it_fired_alone_and_beside_others(tmp_path: Path) -> None:
    written(
        tmp_path,
        a_run(),
        a_run("refuse"),
        a_run("refuse", "slow", verdicts=BROKEN),
        a_run("lose_reply", verdicts=BROKEN),
        a_run("slow!"),
        a_run("late", part="minimised", verdicts=BROKEN),
    )
    found, problem = read_runs(tmp_path)
    one = found[TITLE]
    assert (problem, one.runs) == ("", 5)
    assert set(one.cells) == {("refuse", CHARGE), ("slow", CHARGE), ("lose_reply", CHARGE)}
    refuse = one.cells["refuse", CHARGE]
    assert (refuse.fired, refuse.alone, refuse.alone_violated, refuse.violated) == (2, 1, 0, 1)
    assert [each.line for each in refuse.examples] == [3, 4]
    assert one.cells["lose_reply", CHARGE].examples[0].violated == (IDS[0], IDS[-1])


def test_what_came_to_its_kind_is_what_counts(tmp_path: Path) -> None:
    written(tmp_path, a_run("slow", as_planned=[0]), a_run("late", as_planned=[1], strikes=[0]))
    assert set(read_runs(tmp_path)[0][TITLE].cells) == {("late", CHARGE)}


def test_the_state_of_a_cell_is_that_of_its_runs(tmp_path: Path) -> None:
    written(
        tmp_path, a_run("refuse"), a_run("slow", "refuse", verdicts=BROKEN), a_run("reject", verdicts=BROKEN)
    )
    kinds = ("refuse", "slow", "reject")
    counted = tuple(SiteCount(kind=kind, operation=CHARGE, planned=2, fired=2) for kind in kinds)
    given = replace(failing(), faults=Faults(by_operation=counted), impossible=())
    made = matrix(given, (), read_runs(tmp_path)[0][TITLE])
    assert made is not None
    states = {cell.kind: cell.state for _, line in made.lines for cell in line if cell.kind in kinds}
    assert states == {"refuse": State.HELD, "slow": State.FIRED, "reject": State.VIOLATED}


def test_situations_have_an_example_and_latencies_are_those_of_all(tmp_path: Path) -> None:
    written(
        tmp_path,
        a_run(situations=["completed"]),
        a_run("reject", situations=["completed", "compensation"], compensation_s=[0.5]),
        a_run("reject", "slow", situations=["compensation"], compensation_s=[0.25, 4.0]),
    )
    one = read_runs(tmp_path)[0][TITLE]
    assert {id_: example.line for id_, example in one.situations.items()} == {
        "completed": 2,
        "compensation": 3,
    }
    assert one.compensation_s == [0.5, 0.25, 4.0]
    assert one.by_struck_s == {CHARGE: [0.5]}


def test_what_else_the_run_of_a_counterexample_breaks(tmp_path: Path) -> None:
    written(tmp_path, a_run("lose_reply", verdicts=BROKEN, saga_id="saga-7"))
    one = read_runs(tmp_path, frozenset({"saga-7"}))[0][TITLE]
    plan = FaultPlan((Fault(kind="lose_reply", operation=CHARGE),))
    assert one.broken == {(plan, "saga-7"): (IDS[0], IDS[-1])}
    assert read_runs(tmp_path)[0][TITLE].broken == {}


def test_the_page_tells_of_them(tmp_path: Path) -> None:
    write_findings(tmp_path)
    written(
        tmp_path,
        a_run("lose_reply", verdicts=BROKEN, saga_id="saga-7", situations=["in_doubt_pivot"]),
        a_run("reject"),
    )
    html = report_html(read_bundle(report(failing()), tmp_path))
    assert "The same run also violates</span> <code>idempotency_keys</code>" in html
    assert f"line 2 of runs.ndjson: lose_reply at {CHARGE}, call 1: completed, violated" in html
    assert f"line 3 of runs.ndjson: reject at {CHARGE}, call 1: completed" in html


DAMAGE = {
    "not JSON": b"{nonsense\n",
    "another program's": b'{"frog": 1}\n',
    "no text": b'{"type": "run", "part": "\xff"}\n',
    "nested without end": b"[" * 100_000 + b"\n",
    "of a scenario that is not there": msgspec.json.encode(a_run("refuse", scenario=7)) + b"\n",
    "without its verdicts": b'{"type":"run","scenario":0,"part":"guided","saga_id":"s"}\n',
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_line_is_named_and_the_others_count(tmp_path: Path, damage: str) -> None:
    path = written(tmp_path, a_run("refuse"))
    path.write_bytes(path.read_bytes() + DAMAGE[damage] + msgspec.json.encode(a_run("slow")) + b"\n")
    found, problem = read_runs(tmp_path)
    assert found[TITLE].runs == 2
    assert problem.startswith(f"{path}, line 3: found ")
    assert "it is left out" in problem


def test_a_last_line_that_a_death_cut_off_is_no_problem(tmp_path: Path) -> None:
    path = written(tmp_path, a_run("refuse"), a_run("slow"))
    path.write_bytes(path.read_bytes()[:-5])
    found, problem = read_runs(tmp_path)
    assert (found[TITLE].runs, problem) == (1, "")


def test_lines_of_another_kind_are_none_of_its_business(tmp_path: Path) -> None:
    written(tmp_path, {"type": "began", "scenario": 0}, {"type": "time_up", "scenario": 0}, a_run("refuse"))
    found, problem = read_runs(tmp_path)
    assert (found[TITLE].runs, problem) == (1, "")


def test_a_file_of_another_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs.ndjson").write_text('{"type": "frog"}\n')
    assert "found 'no campaign'" in read_runs(tmp_path)[1]


def test_no_file_is_no_problem_and_no_runs(tmp_path: Path) -> None:
    assert read_runs(tmp_path) == ({}, "")


def test_it_reads_what_the_campaign_writes() -> None:
    """The names here are those of the records; a field that is renamed there fails here."""
    assert set(module._Run.__struct_fields__) <= set(RunLine.__struct_fields__)


def test_a_hundred_thousand_runs_are_read_in_little_memory_and_the_page_stays_small(tmp_path: Path) -> None:
    write_findings(tmp_path)
    kinds = ("refuse", "slow", "reject", "lose_reply", "late")
    lines = [
        msgspec.json.encode(
            a_run(
                kinds[number % 5],
                kinds[number % 3],
                number=number,
                situations=["compensation"],
                compensation_s=[number / 1000],
                trace="x" * 200,
            )
        )
        for number in range(1_000)
    ]
    content = b"".join(line + b"\n" for line in lines)
    with (tmp_path / "runs.ndjson").open("wb") as file:
        file.write(msgspec.json.encode(CAMPAIGN) + b"\n")
        for _ in range(100):
            file.write(content)
    given = report(failing())
    write_report(given, tmp_path / "report.json")
    began_s = real.perf_counter_s()
    read = read_bundle(given, tmp_path)
    read_s = real.perf_counter_s() - began_s
    assert read.runs[TITLE].runs == 100_000
    assert read_s < 10
    tracemalloc.start()
    read_runs(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000
    html = report_html(read)
    assert len(html.encode()) < 3_000_000
    assert "500 of 100,000 sagas are drawn, evenly by rank." in html
