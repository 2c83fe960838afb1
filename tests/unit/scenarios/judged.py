"""What is wrong with a run."""

from __future__ import annotations

from harness.invariants import Verdict
from harness.runner import Run


def wrong(run: Run) -> list[str]:
    bad = (Verdict.VIOLATED, Verdict.UNKNOWN)
    return [f"{one.invariant}: {one.message}" for one in run.judgements if one.verdict in bad]
