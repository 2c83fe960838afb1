"""`saga-chaos report DIR` renders everything again, from the files alone."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from harness.cli.main import main
from harness.cli.provenance import previous_of
from harness.report_model import read_report, write_report
from tests.unit.cli.console import FIRST_SAGA, saga_chaos
from tests.unit.reports.samples import failing, passing, report, write_findings

RENDERED = ("junit.xml", "summary.md", "report.html")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    write_findings(tmp_path)
    write_report(report(failing(), passing()), tmp_path / "report.json")
    return tmp_path


def test_all_is_rendered_again_and_to_the_byte(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(out)]) == 0
    assert "FAIL  2 invariants violated in 1 scenario." in capsys.readouterr().out
    first = [(out / name).read_bytes() for name in RENDERED]
    for name in RENDERED:
        (out / name).unlink()
    assert main(["report", str(out)]) == 0
    assert [(out / name).read_bytes() for name in RENDERED] == first


def test_what_cannot_be_read_is_said_and_the_rest_is_rendered(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / "histories" / "order-1.ndjson").write_text("not a history")
    assert main(["report", str(out)]) == 0
    said = capsys.readouterr().out
    assert "not read: " in said
    assert "order-1.ndjson, line 1" in said
    assert (out / "report.html").is_file()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b"[" * 100_000, b'{"format_version": 2}'])
def test_without_a_report_there_is_one_clear_message(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "report.json").write_bytes(content)
    assert main(["report", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"saga-chaos: {tmp_path}")
    assert said.count("\n") == 1


def test_of_a_campaign_that_did_not_end_it_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs.ndjson").write_text("")
    assert main(["report", str(tmp_path)]) == 2
    assert f"saga-chaos run --resume {tmp_path} goes on with it" in capsys.readouterr().err


def test_a_run_says_where_its_report_comes_from(tmp_path: Path) -> None:
    for name in ("saga.toml", "sagas.py"):
        (tmp_path / name).write_text((FIRST_SAGA.parent / name).read_text())
    arguments = ["run", "saga.toml", "--search", "guided", "--depth", "1", "--seed", "7", "--out", "my out"]
    for _ in range(2):
        saga_chaos(arguments, tmp_path)
    told = read_report(tmp_path / "my out" / "report.json").provenance
    assert told.command == "saga-chaos run saga.toml --search guided --depth 1 --seed 7 --out 'my out'"
    assert (told.seed, told.previous) == (7, "previous")
    assert {"Python", "saga-chaos", "system"} <= set(told.versions)
    assert told.began.endswith("Z")
    page = (tmp_path / "my out" / "report.html").read_text()
    assert "still failing" in page
    assert told.command.replace("'", "&#39;") in page


def test_the_report_before_is_the_latest_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "b"
    assert previous_of(out, put_aside=None) == ""
    write_report(report(passing()), tmp_path / "a" / "report.json")
    (tmp_path / "latest").symlink_to("a")
    assert previous_of(out, put_aside=None) == "../a"
    assert previous_of(out, put_aside=out / "previous") == "previous"


def test_no_environment_variable_is_in_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2-in-the-environment")
    (tmp_path / "saga.toml").write_text(FIRST_SAGA.read_text())
    (tmp_path / "sagas.py").write_text((FIRST_SAGA.parent / "sagas.py").read_text())
    saga_chaos(["run", "saga.toml", "--search", "guided", "--depth", "0", "--out", "out"], tmp_path)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written
    assert os.environ["DATABASE_PASSWORD"]
    assert not [path for path in written if b"hunter2" in path.read_bytes()]
    assert msgspec.json.decode((tmp_path / "out" / "report.json").read_bytes())
