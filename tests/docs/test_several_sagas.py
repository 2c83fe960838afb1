"""docs/several-sagas.md: its saga is found out with the plan that it says, and holds with a version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.report_model import read_failure
from tests.docs.anomalies import table
from tests.docs.blocks import ROOT, named
from tests.unit.cli.console import saga_chaos

DOCUMENT = "docs/several-sagas.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
SOUND = 'headers = {"If-Match": seen.headers["etag"]}'
RUN = ["run", "saga.toml", "--depth", "1", "--examples", "40", "--no-stored", "--out", "out"]


@pytest.fixture
def seats(tmp_path: Path) -> Path:
    for name in ("saga.toml", "sagas.py"):
        (tmp_path / name).write_text(named(DOCUMENT, name))
    return tmp_path


def test_it_is_found_shrunk_and_runs_again(seats: Path) -> None:
    ran = saga_chaos(RUN, seats)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    report = json.loads((seats / "out/report.json").read_text())
    (scenario,) = report["scenarios"]
    assert [one["id"] for one in scenario["invariants"] if one["verdict"] == "violated"] == ["isolation"]
    (found,) = (one for one in scenario["invariants"] if one["id"] == "isolation")
    assert (found["minimal_faults"], found["minimal_preemptions"]) == (0, 1)
    runs = scenario["search"]["interleavings"]
    assert runs > 10
    assert f"{runs} runs of several sagas" in ran.stdout
    assert {"id": "overlap", "required": True}.items() <= next(
        one for one in scenario["situations"] if one["id"] == "overlap"
    ).items()
    path = seats / "out" / found["failure"]
    failure = read_failure(path)
    assert failure.message.startswith("lost update: saga ")
    (line,) = (one for one in TEXT.splitlines() if "finds it" in one)
    assert "preempt: saga 1 is held at its call 1 of hall.seat.book, and saga 2 runs to its end" in line
    assert "preempt: saga 1 is held at its call 1 of hall.seat.book, and saga 2 runs to its end" in ran.stdout
    which = f"saga 1 is {failure.saga_id}, saga 2 is {failure.saga_id}-2"
    assert ran.stdout.count(which) == 1
    assert "hall.seat #2 " in ran.stdout, "the second seat that was booked"
    again = saga_chaos(["replay", str(path)], seats)
    assert (again.returncode, "STILL FAILS" in again.stdout) == (1, True), again.stdout
    page = (seats / "out/report.html").read_text()
    assert "Preemption(saga=1, operation=" in page
    assert failure.saga_id in page
    assert f"{failure.saga_id}-2" in page, "both sagas have a lifeline"
    assert which in page
    text = (seats / "sagas.py").read_text()
    (seats / "sagas.py").write_text(text.replace("headers = {}  # ", "# ").replace("# {", "headers = {"))
    (seats / "sagas.py").write_text((seats / "sagas.py").read_text().replace(" would be sound", ""))
    fixed = saga_chaos(["replay", str(path)], seats)
    assert (fixed.returncode, "FIXED" in fixed.stdout) == (0, True), fixed.stdout


def test_each_anomaly_stands_there_with_its_plan() -> None:
    assert table() in TEXT


def test_with_a_version_it_passes(seats: Path) -> None:
    text = (seats / "sagas.py").read_text()
    (line,) = (one for one in text.splitlines() if "would be sound" in one)
    (seats / "sagas.py").write_text(text.replace(line, f"    {SOUND}"))
    ran = saga_chaos(RUN, seats)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_one_saga_alone_finds_nothing(seats: Path) -> None:
    ran = saga_chaos([*RUN, "--sagas", "1"], seats)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_campaign_that_was_cut_off_comes_to_the_same(seats: Path) -> None:
    short = [*RUN[:-2], "--search", "guided", "--out", "out"]
    assert saga_chaos(short, seats).returncode == 1
    runs = seats / "out/runs.ndjson"
    content = runs.read_bytes()
    before = json.loads((seats / "out/report.json").read_text())["scenarios"][0]
    lines = content.splitlines(keepends=True)
    (first, *_) = (number for number, line in enumerate(lines) if b'"part":"interleaved"' in line)
    runs.write_bytes(b"".join(lines[: first + 5]))
    resumed = saga_chaos(["run", "--resume", "out"], seats)
    assert resumed.returncode == 1, resumed.stdout + resumed.stderr
    after = json.loads((seats / "out/report.json").read_text())["scenarios"][0]
    for scenario in (before, after):
        del scenario["duration_s"]
    assert after == before
    assert len(runs.read_bytes().splitlines()) == len(lines)
