"""A worker leaves signals to its parent, and ends with it, whatever it is doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.clock import real

PARENT = """
import multiprocessing, subprocess, sys, time
from harness.campaign.processes import leave_interrupts_to_the_parent, new_mark, start_undisturbed

def busy():
    leave_interrupts_to_the_parent()
    sleeping = [sys.executable, "-S", "-c", "import time; time.sleep(120)"]
    child = subprocess.Popen(sleeping, start_new_session=True)
    print(child.pid, flush=True)
    while True:
        time.sleep(60)

if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=busy, daemon=True)
    start_undisturbed(worker, new_mark())
    print(worker.pid, flush=True)
    time.sleep(120)
"""


@pytest.fixture(name="started")
def _started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """A parent process, its worker that never returns, and what that started in a session of its own."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    worker, child = (int(process.stdout.readline()) for _ in range(2))
    yield process, worker, child
    process.stdout.close()
    for pid in (process.pid, worker, child):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    process.wait(timeout=10)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def soon_gone(*pids: int) -> bool:
    deadline_s = real.monotonic_s() + 15
    while any(map(alive, pids)) and real.monotonic_s() < deadline_s:
        time.sleep(0.02)
    return not any(map(alive, pids))


Started = tuple[subprocess.Popen[str], int, int]


def test_a_worker_whose_parent_is_killed_ends_with_all_that_it_started(started: Started) -> None:
    process, worker, child = started
    process.kill()
    assert soon_gone(worker, child)


def test_a_worker_answers_no_signal_and_what_it_starts_does(started: Started) -> None:
    _, worker, child = started
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(worker, number)
    time.sleep(0.3)
    assert alive(worker)
    os.kill(child, signal.SIGTERM)
    assert soon_gone(child)
