"""The process table before and after: whatever a saga starts, and however a campaign ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from harness.processes.marks import Marked, find
from tests.two_steps import TWO_STEPS
from tests.unit.cli.console import SCRIPT
from tests.wire.test_commands import CHARGES, GOOD

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

OURS = "SAGA_CHAOS_TEST"
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(120)
    os._exit(0)
os.wait()
"""
CHILD = """
import os, signal, time
child = os.fork()
if child == 0:
    os.setsid()
    time.sleep(120)
    os._exit(0)
"""
ENDS_CHILD = """
time.sleep(0.2)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""
FILE = (
    f"""
format_version = 1
name = "daemon"
[saga]
adapter = "subprocess"
command = ["{sys.executable}", "-S", "-E", "saga.py"]
claims = ["lost_reply", "process_death"]
time_limit_s = 2
patience_s = 1
"""
    + TWO_STEPS
)


@contextmanager
def campaign(folder: Path, code: str, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A real `saga-chaos run` in a session of its own, and the mark of all that it starts."""
    (folder / "saga.py").write_text(code)
    (folder / "saga.toml").write_text(FILE)
    before = psutil.pids()
    process = subprocess.Popen(
        [str(SCRIPT), "run", "saga.toml", "--search", "guided", "--workers", "2", "--out", "out", *more],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, OURS: str(folder), "PYTHONUNBUFFERED": "1"},
    )
    yield process, str(folder)
    new = [pid for pid in psutil.pids() if pid not in before and _alive(pid)]
    carrying = [one.pid for one in running(str(folder))]
    assert carrying == []
    assert [pid for pid in new if _line(pid).endswith("saga.py")] == []


def running(mark: str) -> tuple[Marked, ...]:
    return find(mark, OURS)


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _line(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def test_a_saga_that_forks_a_daemon(tmp_path: Path) -> None:
    with campaign(tmp_path, f"{DAEMON}{CHARGES}{GOOD}", "--seconds", "4") as (process, _):
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 1, said.decode()
        assert b"left behind: process python" in said, said.decode()


def test_an_interrupt_in_the_middle(tmp_path: Path) -> None:
    with campaign(tmp_path, f"{DAEMON}{CHARGES}time.sleep(120)") as (process, mark):
        deadline_s = time.monotonic() + 30
        while len(running(mark)) < 8 and time.monotonic() < deadline_s:
            time.sleep(0.1)
        assert len(running(mark)) >= 8  # the campaign, two workers, their proxies, sagas and daemons
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 4, said.decode()
        assert b"Traceback" not in said, said.decode()


def test_a_campaign_that_is_killed_leaves_nothing_and_is_gone_on_with(tmp_path: Path) -> None:
    """Its workers see that it is gone: they kill their sagas, with all that those forked, and end."""
    records = tmp_path / "out" / "runs.ndjson"
    with campaign(tmp_path, f"{CHILD}{CHARGES}{ENDS_CHILD}{GOOD}") as (process, mark):
        deadline_s = time.monotonic() + 60
        while not records.exists() or records.read_bytes().count(b"\n") < 6:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        busy = [one for one in running(mark) if one.pid != process.pid]
        assert len(busy) >= 4  # two workers, their proxies, and what they run
        process.kill()
        process.communicate(timeout=60)
        deadline_s = time.monotonic() + 20
        while running(mark) and time.monotonic() < deadline_s:
            time.sleep(0.1)
    before = records.read_bytes()
    whole = before[: before.rfind(b"\n") + 1]
    resumed = subprocess.Popen(
        [str(SCRIPT), "run", "--resume", "out", "--workers", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline_s = time.monotonic() + 60
    while records.read_bytes().count(b"\n") < whole.count(b"\n") + 3:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    os.kill(resumed.pid, signal.SIGTERM)
    said, _ = resumed.communicate(timeout=60)
    assert resumed.returncode == 4, said.decode()
    assert records.read_bytes().startswith(whole)  # what was recorded was not run again
    runs = records.read_bytes().count(b'"type":"run"')
    assert json.loads((tmp_path / "out" / "report.json").read_text())["scenarios"][0]["runs"] == runs


def test_a_command_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "saga.toml").write_text(FILE.replace(sys.executable, "no-such-program"))
    done = subprocess.run(
        [str(SCRIPT), "run", "saga.toml", "--workers", "2", "--out", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "command ['no-such-program', '-S', '-E', 'saga.py'" in done.stdout + done.stderr
    assert f"in {tmp_path}: found 'No such file or directory'" in done.stdout + done.stderr


def test_asking_for_sim_says_why_not(tmp_path: Path) -> None:
    (tmp_path / "saga.toml").write_text(FILE)
    done = subprocess.run(
        [str(SCRIPT), "run", "saga.toml", "--world", "sim"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "expected wire: a process of its own has real sockets and a real clock" in done.stderr
