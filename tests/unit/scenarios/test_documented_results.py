"""How far the documented sagas were searched is taken from reports, one row a saga and world."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harness.report_model import (
    Drawn,
    Provenance,
    Report,
    ScenarioReport,
    ScenarioVerdict,
    Search,
    write_report,
)
from scenarios import documented_results
from scenarios.documented_results import Searched, keep, results, section, told

COMPLETE = Searched(
    saga="b",
    world="sim",
    depth=2,
    runs=12345,
    seconds=60,
    verdict="pass",
    singles=True,
    complete=True,
    drawn=5000,
)
SHORT = msgspec.structs.replace(
    COMPLETE, singles=False, complete=False, singles_need_s=130.0, needs_s=14400.0, drawn=0
)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kept.json"
    path.write_text("[]")
    monkeypatch.setattr(documented_results, "RESULTS", path)
    return path


def written(
    out: Path,
    name: str,
    search: Search,
    *,
    runs: int = 7,
    uncommitted: bool = False,
    verdict: ScenarioVerdict = ScenarioVerdict.PASS,
) -> Path:
    one = ScenarioReport(
        name=name,
        world="sim",
        verdict=verdict,
        invariants=(),
        runs=runs,
        search=search,
        duration_s=9.6,
    )
    told_by = Provenance(began="2026-01-02T03:04:05Z", commit="0123456789", uncommitted=uncommitted)
    write_report(
        Report(verdict=one.verdict, scenarios=(one,), provenance=told_by), out / name / "report.json"
    )
    return out / name


@pytest.mark.usefixtures("kept")
def test_a_row_is_what_a_report_says_dated_by_its_commit(tmp_path: Path) -> None:
    search = Search(depth=2, complete=True, singles_complete=True, drawn=Drawn(plans=3))
    keep([written(tmp_path, "b", search), written(tmp_path, "stranger", search)], ["a", "b"])
    (row,) = results()
    assert row.cells == ("b", "sim", "7", "10", "pass", "all", "all pairs", "3")
    assert (row.commit, row.began) == ("0123456", "2026-01-02T03:04:05Z")


@pytest.mark.usefixtures("kept")
def test_the_last_report_counts_and_changes_of_ones_own_are_told(tmp_path: Path) -> None:
    keep([written(tmp_path, "b", Search())], ["a", "b"])
    keep([written(tmp_path, "b", Search(), runs=8, uncommitted=True), written(tmp_path, "a", Search())], "ab")
    assert [(one.saga, one.runs, one.commit) for one in results()] == [
        ("a", 7, "0123456"),
        ("b", 8, "0123456+"),
    ]


@pytest.mark.usefixtures("kept")
def test_one_that_found_something_has_no_row_until_it_is_searched_again(tmp_path: Path) -> None:
    keep([written(tmp_path, "b", Search())], ["b"])
    keep([written(tmp_path, "b", Search(), verdict=ScenarioVerdict.FAIL)], ["b"])
    assert results() == ()


@pytest.mark.parametrize(
    ("row", "cells", "words"),
    [
        (COMPLETE, ("all", "all pairs", "5,000"), "sim: all pairs of faults, 5,000 drawn"),
        (SHORT, ("not all, about 2 min in all", "not all pairs, about 4 h in all", "none"), ""),
        (
            msgspec.structs.replace(COMPLETE, depth=1, drawn=0),
            ("all", "not asked for", "none"),
            "sim: all single faults",
        ),
        (
            msgspec.structs.replace(COMPLETE, complete=False, needs_s=30.0),
            ("all", "not all pairs, about 30 s in all", "5,000"),
            "sim: all single faults, 5,000 drawn",
        ),
    ],
)
def test_what_is_complete_and_what_is_not(row: Searched, cells: tuple[str, ...], words: str) -> None:
    assert row.cells[-3:] == cells
    assert row.words == words


def test_rows_are_shown_in_columns_and_in_the_docs() -> None:
    head, line = told([COMPLETE])
    assert head.index("world") == line.index("sim")
    assert [one for one in section([COMPLETE]) if one.startswith("| b |")]
