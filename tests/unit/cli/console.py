"""The console script as a user has it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

REPO = Path(__file__).parents[3]
SCRIPT = Path(sys.executable).with_name("saga-chaos")
ONE_ORDER = f"{REPO / 'tests' / 'one_order.py'}:one_order"
FIRST_SAGA = REPO / "scenarios" / "examples" / "first_saga" / "saga.toml"

QUICK: Mapping[str, str] = {"SAGA_CHAOS_HUNG_AFTER_S": "0.3", "NO_COLOR": "1"}


def saga_chaos(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *arguments],
        cwd=cwd,
        env={**os.environ, **QUICK, **(env or {})},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def left_of(session: int) -> list[str]:
    """Command lines of the processes that still belong to a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it ended while we looked
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(command)
    return found
