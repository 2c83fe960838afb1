"""A campaign that is killed loses no run that ended, leaves nothing running, and can be gone on with."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.unit.cli.console import FIRST_SAGA, SCRIPT, saga_chaos
from tests.unit.cli.test_interrupt import soon_left_of

KILLS = 20
ASKED = ("--examples", "30", "--depth", "1", "--no-stored", "--workers", "2")
TIMES = ("duration_s", "needs_s", "singles_need_s", "began")


def lines_in(out: Path) -> int:
    """Whole lines of the file of records."""
    path = out / "runs.ndjson"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed_at(arguments: list[str], cwd: Path, lines: int, later_s: float) -> None:
    """Start it, and kill it a moment after so many lines are there; again where it was quicker than we."""
    before = cwd / "before"
    if (cwd / "out").exists():
        shutil.copytree(cwd / "out", before)
    while True:
        with (cwd / "said").open("wb") as said:
            process = subprocess.Popen(
                [str(SCRIPT), *arguments], cwd=cwd, stdout=said, stderr=said, start_new_session=True
            )
        while process.poll() is None and lines_in(cwd / "out") < lines:
            time.sleep(0.005)
        time.sleep(later_s)
        killed = process.poll() is None
        process.kill()
        process.wait(timeout=30)
        assert soon_left_of(process.pid) == []
        if killed:
            break
        assert process.returncode == 1, (cwd / "said").read_text()  # it was done
        shutil.rmtree(cwd / "out")
        if before.exists():
            shutil.copytree(before, cwd / "out")
    shutil.rmtree(before, ignore_errors=True)


def told(out: Path) -> tuple[str, dict[str, bytes]]:
    """All that a campaign told, less the times."""

    def timeless(found: dict[str, object]) -> dict[str, object]:
        return {name: one for name, one in found.items() if name not in TIMES}

    report = json.loads((out / "report.json").read_bytes(), object_hook=timeless)
    files = {
        str(path.relative_to(out)): path.read_bytes()
        for folder in ("failures", "histories")
        for path in sorted((out / folder).rglob("*.*"))
    }
    return json.dumps(report), files


@pytest.mark.long
def test_killed_at_twenty_moments_it_comes_to_the_report_of_an_undisturbed_one(tmp_path: Path) -> None:
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    calm.mkdir()
    killed.mkdir()
    begin = ["run", str(FIRST_SAGA), *ASKED, "--out", "out"]
    assert saga_chaos(begin, calm).returncode == 1
    total = lines_in(calm / "out")
    moments = random.Random(9)
    for number in range(KILLS):
        lines = int(total * (number + moments.random()) / KILLS) + 1
        resume = ["run", "--resume", "out", "--workers", str(1 + number % 2)]
        before = lines_in(killed / "out")
        killed_at(resume if before else begin, killed, lines, moments.random() * 0.02)
        assert lines_in(killed / "out") >= max(before, lines)
    done = saga_chaos(["run", "--resume", "out"], killed)
    assert done.returncode == 1, done.stdout + done.stderr
    assert told(killed / "out") == told(calm / "out")
    assert lines_in(killed / "out") == total


def test_what_is_resumed_must_be_the_same(tmp_path: Path) -> None:
    saga = tmp_path / "saga.toml"
    for name in ("saga.toml", "sagas.py"):
        (tmp_path / name).write_bytes(FIRST_SAGA.with_name(name).read_bytes())
    asked = ["--search", "guided", "--depth", "1", "--no-stored", "--out", "out"]
    assert saga_chaos(["run", str(saga), *asked], tmp_path).returncode == 1
    other = saga_chaos(["run", "--resume", "out", "--depth", "2"], tmp_path)
    assert other.returncode == 2
    assert "--resume, option depth: found 2, expected 1, as in out/runs.ndjson" in other.stderr
    named = saga_chaos(["run", "order-fulfilment", "--resume", "out"], tmp_path)
    assert named.returncode == 2
    assert "--resume out, scenarios: found ['order-fulfilment'], expected none" in named.stderr
    sagas = tmp_path / "sagas.py"
    sagas.write_text(sagas.read_text() + "\n# another one\n")
    changed = saga_chaos(["run", "--resume", "out"], tmp_path)
    assert changed.returncode == 2
    assert f"--resume, scenario 'first-saga', {sagas}: found 'content " in changed.stderr
    nothing = saga_chaos(["run", "--resume", "nowhere"], tmp_path)
    assert nothing.returncode == 2
    assert "nowhere/runs.ndjson: found 'No such file or directory'" in nothing.stderr


@pytest.mark.parametrize("world", ["sim", "wire"])
def test_sigterm_ends_it_as_an_interrupt_does(world: str, tmp_path: Path) -> None:
    asked = ["--world", world, "--depth", "3", "--examples", "9999", "--workers", "2", "--out", "out"]
    process = subprocess.Popen(
        [str(SCRIPT), "run", "order-fulfilment", *asked],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline_s = time.monotonic() + 60
    while lines_in(tmp_path / "out") < 10 and time.monotonic() < deadline_s:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGTERM)  # as a service manager does: to all of them
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 4, said.decode()
    assert b"Traceback" not in said, said.decode()
    assert b"ended by SIGTERM" in said, said.decode()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["environment"] == "ended by SIGTERM"
    assert report["verdict"] != "pass"
    runs = (tmp_path / "out" / "runs.ndjson").read_bytes().count(b'"type":"run"')
    assert report["scenarios"][0]["runs"] == runs
    assert soon_left_of(process.pid) == []
