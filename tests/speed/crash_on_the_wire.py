"""How many times a second a command is killed and recovers, with workers side by side."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from harness.campaign.options import DEFAULTS
from harness.campaign.pool import Pool
from harness.loading import load
from harness.plan import Fault, FaultPlan
from tests.two_steps import TWO_STEPS

PROGRAM = Path(__file__).parent.parent / "wire" / "programs" / "journal.py"
BOUNDARIES = ("on_arrival", "applied", "answered")
FILE = (
    f"""
format_version = 1
name = "journal"
[saga]
adapter = "subprocess"
command = ["python3", "-S", "-E", "{PROGRAM}"]
claims = ["lost_reply", "process_death"]
"""
    + TWO_STEPS
)


def crashes_per_s(runs: int, workers: int | None = None) -> float:
    """Runs a second in which a Python subprocess (standard library alone) crashes and recovers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "saga.toml"
        file.write_text(FILE)
        workers = workers or DEFAULTS["wire"].workers
        with Pool(
            load(str(file)), "wire", workers=workers, proxy="auto", load=load, note=lambda _: None
        ) as pool:
            list(pool.run([(0, FaultPlan())] * workers))
            plans = [
                FaultPlan((Fault(kind="crash", operation="payments.charge.create", variant=boundary),))
                for boundary in BOUNDARIES
            ]
            jobs = [(0, plans[number % len(plans)]) for number in range(runs)]
            began_s = time.perf_counter()
            run_summaries = list(pool.run(jobs))
            took_s = time.perf_counter() - began_s
    assert all(run_summary.strikes == (1,) and not run_summary.violated for run_summary in run_summaries)
    return runs / took_s
