"""Damaged, truncated and foreign files: a clear sentence in the page, and the rest is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.errors import ReportError
from harness.history import CallAnswered, History, RunBegan, write_history
from harness.report_model import Report, read_report, write_failure
from reports import bundle as bundles
from reports.bundle import checked_history, read_bundle
from reports.html import report_html
from reports.junit import junit_xml
from reports.summary import summary_md
from tests.unit.reports.samples import (
    SAGA,
    failing,
    failure,
    inconclusive,
    lost_charge,
    passing,
    report,
    write_findings,
)

HISTORY = "histories/order-1.ndjson"
FAILURE = "failures/order-sim-no_orphaned_resources.json"
DEEP = b"[" * 100_000


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def unknown_call(folder: Path) -> None:
    began = RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={})
    write_history(History((began, CallAnswered(t_s=0, call=7, status=200))), folder / HISTORY)


def a_folder(folder: Path) -> None:
    (folder / HISTORY).unlink()
    (folder / HISTORY).mkdir()


def no_beginning(folder: Path) -> None:
    write_history(History(lost_charge().events[2:]), folder / HISTORY)


def of_another_scenario(folder: Path) -> None:
    other = failure()
    named = msgspec.structs.replace(other.scenario, name="somebody-else")
    write_failure(msgspec.structs.replace(other, scenario=named), folder / FAILURE)


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / name
        path.write_bytes(change(path.read_bytes()))

    return damage


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a history is cut": (changed(HISTORY, cut), "an event"),
    "a history is empty": (changed(HISTORY, lambda _: b""), "format_version 1"),
    "a history is of another program": (
        changed(HISTORY, lambda _: b"\x89PNG\r\n\xff\xfe"),
        "format_version 1",
    ),
    "a history has bytes that are no text": (
        changed(HISTORY, lambda given: given.replace(b"saga-7", b"saga\xff7")),
        "an event",
    ),
    "a history is nested without end": (changed(HISTORY, lambda _: DEEP), "found"),
    "a history knows no such call": (unknown_call, "a call that was sent before"),
    "a history has no beginning": (no_beginning, "the beginning of a run"),
    "a history is a folder": (
        a_folder,
        "a history to read",
    ),
    "a history is gone": (lambda folder: (folder / HISTORY).unlink(), "a history to read"),
    "a failure is cut": (changed(FAILURE, cut), "JSON as saga-chaos writes it"),
    "a failure is nested without end": (changed(FAILURE, lambda _: DEEP), "found"),
    "a failure is of another program": (changed(FAILURE, lambda _: b'["other"]'), "a JSON object"),
    "a failure is of another version": (
        changed(FAILURE, lambda given: given.replace(b'"format_version": 1', b'"format_version": 9')),
        "found 9",
    ),
    "a failure is of another scenario": (of_another_scenario, "a counterexample of order (sim)"),
    "a failure is gone": (lambda folder: (folder / FAILURE).unlink(), "a file to read"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_it_is_said_and_the_rest_is_rendered(tmp_path: Path, damage: str) -> None:
    write_findings(tmp_path)
    harm, said = DAMAGE[damage]
    harm(tmp_path)
    read = read_bundle(report(failing(), passing(), inconclusive()), tmp_path)
    assert len(read.problems) == 1
    assert said in read.problems[0]
    html = report_html(read)
    assert "What could not be read" in html
    assert "idempotent_actions" in html
    assert "crash_during_compensation" in html
    assert summary_md(read)
    assert junit_xml(read)


def test_a_whole_history_is_drawn_and_a_broken_one_falls_back_to_the_text_of_its_failure(
    tmp_path: Path,
) -> None:
    write_findings(tmp_path)
    assert 'class="seq"' in report_html(read_bundle(report(failing()), tmp_path))
    (tmp_path / HISTORY).write_bytes(b"")
    html = report_html(read_bundle(report(failing()), tmp_path))
    assert 'class="seq"' not in html
    assert "could not be read" in html
    assert "no reply for 5.00 s" in html


@pytest.mark.parametrize("outside", ["../outside.json", "/etc/passwd", "failures/../../outside.json"])
def test_nothing_outside_the_folder_is_read_or_shown(tmp_path: Path, outside: str) -> None:
    write_failure(
        msgspec.structs.replace(failure(), message="a secret of another folder"), tmp_path / "outside.json"
    )
    one = failing()
    invariants = (msgspec.structs.replace(one.invariants[0], failure=outside), *one.invariants[1:])
    given = report(msgspec.structs.replace(one, invariants=invariants, guarantees=()))
    out = tmp_path / "out"
    write_findings(out)
    read = read_bundle(given, out)
    assert "a path inside this folder" in read.problems[0]
    assert "a secret of another folder" not in report_html(read)


def test_a_history_that_is_too_large_is_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_findings(tmp_path)
    monkeypatch.setattr(bundles, "MOST_BYTES", 100)
    with pytest.raises(ReportError, match="at most 100 to be shown"):
        checked_history(tmp_path / HISTORY)


@pytest.mark.parametrize("cut_at", range(0, 2_400, 97))
def test_a_history_cut_anywhere_is_read_or_refused(tmp_path: Path, cut_at: int) -> None:
    write_findings(tmp_path)
    path = tmp_path / HISTORY
    path.write_bytes(path.read_bytes()[:cut_at])
    assert report_html(read_bundle(report(failing()), tmp_path))


def test_a_report_of_before_this_version_is_shown(tmp_path: Path) -> None:
    content = msgspec.json.decode(msgspec.json.encode(report(failing(), passing())))
    del content["provenance"]
    (tmp_path / "report.json").write_bytes(msgspec.json.encode(content))
    read: Report = read_report(tmp_path / "report.json")
    assert "no earlier report" in report_html(read_bundle(read, tmp_path))
