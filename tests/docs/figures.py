"""`python -m tests.docs.figures`: docs/speed.md's table of figures, from what `nox -s speed` wrote.

To be run right after it, on the same machine, with nothing else running on it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from pathlib import Path

from tests.docs.blocks import ROOT

SPEED = ROOT / "reports" / "out" / "speed.json"
SECTION = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)
WORDS = {
    "floor": "the floor: saga and participants called directly",
    "sim_guided": "sim, guided search, one core",
    "sim_fault_free": "sim, without faults, one core",
    "sim_hypothesis": "sim, Hypothesis, one core",
    "sim_crash": "sim, single crashes of a saga that keeps a journal, one core",
    "sim_crash_against_plain": "the same against its plans without a crash",
    "wire_fault_free": "wire, without faults, one at a time",
    "wire_fault_free_2_workers": "wire, without faults, two workers",
    "wire_crash_and_recover_subprocess": "wire, crash and recovery of a Python command, default workers",
    "sim_guided_depth_2": "guided search of all pairs of faults, two workers",
    "pytest_n_2_against_n_1": "`pytest -n 2` against `-n 1`",
}


def table(measured: dict[str, dict[str, float | str | None]], machine: str) -> str:
    """The section's text; a figure that has no words here is shown under its own name."""
    lines = [
        f"`nox -s speed`, medians of one run on {machine}. Ratios are to the floor of the same run.",
        "",
        "| what | median | of the floor |",
        "|---|---|---|",
    ]
    for name, row in measured.items():
        ratio = row["ratio_to_floor"]
        share = "" if ratio is None else f"{float(ratio):.1%}"
        lines.append(f"| {WORDS.get(name, name)} | {_median(row)} | {share} |")
    return "\n".join(lines) + "\n"


def _median(row: dict[str, float | str | None]) -> str:
    value = float(row["median"] or 0)
    return f"{value:,.0f} {row['unit']}" if value >= 100 else f"{value:.1f} {row['unit']}"


def machine() -> str:
    """What the figures hold for."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo().splitlines() if line.startswith("model name")),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}, {platform.system()}, Python {platform.python_version()}"


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def main() -> int:
    path = ROOT / "docs" / "speed.md"
    text = path.read_text(encoding="utf-8")
    written = table(json.loads(SPEED.read_text()), machine())
    path.write_text(SECTION.sub(lambda _: written, text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
