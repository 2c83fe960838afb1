"""The dead of a killed command are out of the process table at once, whatever init does."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.clock.real import monotonic_ns
from harness.processes import Command, Group
from harness.processes.orphans import reap_family

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc as Linux has them")

FAMILY = """
import os, time
def child(leave):
    pid = os.fork()
    if pid == 0:
        if leave:
            os.setsid()
        time.sleep(60)
    return pid
print(child(False), child(True), flush=True)
time.sleep(60)
"""


def test_a_family_is_gone_with_its_head(tmp_path: Path) -> None:
    """A child in the group and one that left it; a server would look whether the pid in its file is alive."""
    mark = f"test-{os.getpid()}-{monotonic_ns()}"
    line = (sys.executable, "-S", "-E", "-c", FAMILY)
    group = Group(Command(line=line, cwd=tmp_path), mark=mark, files=tmp_path / "family")
    while not group.stdout().endswith("\n"):
        time.sleep(0.01)
    children = [int(one) for one in group.stdout().split()]
    assert all(map(psutil.pid_exists, children))
    reap_family(group)
    assert [pid for pid in children if psutil.pid_exists(pid)] == []


def test_one_that_is_dead_already_is_no_error(tmp_path: Path) -> None:
    group = Group(Command(line=("true",), cwd=tmp_path), mark="test-true", files=tmp_path / "true")
    while group.exit_code() is None:
        time.sleep(0.01)
    reap_family(group)
    assert group.exit_code() == 0
