"""Ctrl-C: what was found is on disk, the exit code says so, and nothing is left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.console import SCRIPT, left_of

BEGUN = b"searching"


def interrupted(
    arguments: list[str], cwd: Path, strike: Callable[[int], None]
) -> tuple[subprocess.Popen[bytes], str]:
    """Starts it in a session of its own and interrupts it once it searches."""
    process = subprocess.Popen(
        [str(SCRIPT), *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    assert BEGUN in said
    time.sleep(3)  # into the search: workers have started and run
    strike(process.pid)
    rest, _ = process.communicate(timeout=60)
    return process, (said + rest).decode()


def only_us(pid: int) -> None:
    os.kill(pid, signal.SIGINT)


def as_a_terminal(pid: int) -> None:
    os.killpg(pid, signal.SIGINT)


def soon_left_of(session: int) -> list[str]:
    """What ends because we did needs a moment for it."""
    deadline_s = time.monotonic() + 5
    while left_of(session) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return left_of(session)


@pytest.mark.parametrize("strike", [only_us, as_a_terminal])
@pytest.mark.parametrize("world", ["sim", "wire"])
def test_a_run_is_interrupted(world: str, strike: Callable[[int], None], tmp_path: Path) -> None:
    arguments = ["run", "order-fulfilment", "--world", world, "--depth", "3", "--examples", "9999"]
    process, said = interrupted([*arguments, "--workers", "2", "--out", "out"], tmp_path, strike)
    assert process.returncode == 4, said
    assert "Traceback" not in said, said
    assert "interrupted by the user" in said, said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["environment"] == "interrupted by the user"
    assert report["verdict"] != "pass"
    assert report["scenarios"][0]["search"]["complete"] is False
    assert soon_left_of(process.pid) == []


@pytest.mark.parametrize("after_s", [0.5, 0.7, 0.9, 1.1])
def test_an_interrupt_while_workers_start_shows_no_traceback(after_s: float, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(SCRIPT), "run", "order-fulfilment", "--workers", "4", "--depth", "3", "--out", "out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    time.sleep(after_s)
    as_a_terminal(process.pid)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 4
    assert b"Traceback" not in said, said.decode()
    assert soon_left_of(process.pid) == []


def test_a_benchmark_is_interrupted(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(SCRIPT), "bench", "order-fulfilment", "--sagas", "1000000", "--concurrency", "4"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    time.sleep(4)
    as_a_terminal(process.pid)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 4
    *_, last = said.decode().splitlines()
    assert last == "saga-chaos: interrupted by the user"
    assert b"Traceback" not in said
    assert soon_left_of(process.pid) == []


def test_the_proxy_ends_with_success(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(SCRIPT), "proxy", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert b"Toxiproxy-compatible, at http://127.0.0.1:" in process.stdout.readline()
    as_a_terminal(process.pid)
    process.communicate(timeout=30)
    assert process.returncode == 0
