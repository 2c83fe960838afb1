"""An earlier report is put aside before anything can fail."""

from __future__ import annotations

from pathlib import Path

from harness.cli.archive import put_aside
from harness.cli.main import main


def test_an_old_pass_is_no_verdict_on_a_run_that_does_not_load(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.json").write_text("{}")
    assert main(["run", "no-such-scenario", "--out", str(out)]) == 2
    assert not (out / "report.json").exists()
    assert main(["gate", str(out)]) == 2


def test_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "failures").mkdir()
    (tmp_path / "failures" / "old.json").write_text("old")
    (tmp_path / "report.json").write_text("{}")
    (tmp_path / "mine.txt").write_text("mine")
    previous = put_aside(tmp_path)
    assert previous is not None
    assert (previous / "failures" / "old.json").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "previous"]


def test_a_folder_without_a_report_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "failures").mkdir()
    assert put_aside(tmp_path) is None
    assert (tmp_path / "failures").is_dir()
