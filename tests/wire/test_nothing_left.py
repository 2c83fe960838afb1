"""The process table before and after: whatever a saga starts, and however a campaign ends."""

from __future__ import annotations

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
    assert "expected --world wire: a process of its own has real sockets and a real clock" in done.stderr
