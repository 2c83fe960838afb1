"""Moves an earlier report away before anything can fail, so that nobody takes it for this run's.

Owns the folder `previous` beside a report. Nothing is lost, and one earlier report is kept. Refuses
to touch a folder that holds no report of ours.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.errors import EnvironmentFault

PREVIOUS = "previous"
_WRITTEN = (
    *("report.json", "runs.ndjson", "junit.xml", "summary.md", "report.html"),
    *("failures", "histories", "figures"),
)


def put_aside(out: Path) -> Path | None:
    """Move what an earlier run wrote to `out/previous`; returns that folder, None where nothing was there."""
    if not any((out / name).is_file() for name in ("report.json", "runs.ndjson")):
        return None
    previous = out / PREVIOUS
    try:
        shutil.rmtree(previous, ignore_errors=True)
        previous.mkdir()
        for name in _WRITTEN:
            if (out / name).exists():
                (out / name).rename(previous / name)
    except OSError as error:
        raise EnvironmentFault(
            f"{out}: cannot put the earlier report aside ({error.strerror or error}), "
            "expected a folder that can be written to; choose one with --out"
        ) from error
    return previous
