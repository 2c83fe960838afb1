"""`python -m tests.speed.report_of_many`: what it costs to render a campaign of 100,000 runs from its files.

The runs are those of a real campaign, written again and again. The time is CPU time of the whole process, for
a machine that does other things meanwhile says nothing by its clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

RUNS = 100_000
BROKEN = "order-fulfilment-as-documented"
MOST_CPU_S, MOST_PEAK_MB, MOST_PAGE_MB = 10.0, 400.0, 3.0
_A_RUN = b'{"type":"run"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one rendering: CPU seconds, megabytes of memory at most, megabytes of report.html."""

    cpu_s: float
    peak_mb: float
    page_mb: float

    @property
    def within(self) -> bool:
        return self.cpu_s < MOST_CPU_S and self.peak_mb < MOST_PEAK_MB and self.page_mb < MOST_PAGE_MB


def campaign(folder: Path, *options: str) -> Path:
    """A folder with a report of a saga that breaks many rules."""
    out = folder / "out"
    command = ["run", BROKEN, "--depth", "1", "--no-stored", "--quiet", "--out", str(out), *options]
    done = subprocess.run(_saga_chaos(*command), stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 1:
        raise SystemExit(f"{BROKEN}: found exit code {done.returncode}, expected a campaign that fails (1)")
    return out


def multiply(out: Path, runs: int) -> None:
    """As if so many runs had been made."""
    path = out / "runs.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)
    made = [line for line in lines if line.startswith(_A_RUN)]
    first = next(index for index, line in enumerate(lines) if line.startswith(_A_RUN))
    with path.open("wb") as file:
        file.writelines(lines[:first])
        for number in range(runs):
            file.write(made[number % len(made)])
        file.writelines(line for line in lines[first:] if not line.startswith(_A_RUN))


def rendered(out: Path) -> Cost:
    """`saga-chaos report OUT`, in a process of its own."""
    process = subprocess.Popen(_saga_chaos("report", str(out)), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"saga-chaos report: found exit code {process.returncode}, expected 0")
    return Cost(
        cpu_s=used.ru_utime + used.ru_stime,
        peak_mb=used.ru_maxrss / 1000,
        page_mb=(out / "report.html").stat().st_size / 1e6,
    )


def _saga_chaos(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("saga-chaos")), *arguments]


def main() -> int:
    """Exit code 1 where one of the figures is above what it may be."""
    with tempfile.TemporaryDirectory() as folder:
        out = campaign(Path(folder))
        multiply(out, RUNS)
        cost = rendered(out)
    told = (
        f"{RUNS:,} runs are rendered in {cost.cpu_s:.1f} s of CPU time (at most {MOST_CPU_S:.0f} s), "
        f"with {cost.peak_mb:.0f} MB (at most {MOST_PEAK_MB:.0f} MB); "
        f"report.html has {cost.page_mb:.2f} MB (at most {MOST_PAGE_MB:.0f} MB)"
    )
    print(told)  # noqa: T201 - a benchmark prints
    return 0 if cost.within else 1


if __name__ == "__main__":
    sys.exit(main())
