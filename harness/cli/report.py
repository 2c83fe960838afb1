"""`saga-chaos report`: renders everything again from the files of an earlier run, and runs nothing.

Figures as files, in `figures/`, are written here alone: they take seconds, which a run need not wait for.

Exit code 0 where the files could be read, whatever the verdict in them: `gate` decides about that. A part
that cannot be read is named on the screen and in the page, and the rest is rendered.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.packages import our_packages
from harness.report_model import read_report

with our_packages():
    from reports.bundle import read_bundle, report_path
    from reports.figures.choice import write_figures
    from reports.words import headline
    from reports.write import write_rendered


def run(arguments: argparse.Namespace) -> int:
    """Read, render, say what could not be read. Raises ReportError where there is no report at all."""
    folder = Path(arguments.folder)
    report = read_report(report_path(folder))
    bundle = read_bundle(report, folder)
    for path in (*write_rendered(bundle, folder), *write_figures(bundle, folder)):
        _say(f"wrote {path.as_posix()}")
    for problem in bundle.problems:
        _say(f"not read: {problem}")
    _say(f"{report.verdict.upper()}  {headline(report)}")
    return 0


def _say(line: str) -> None:
    print(line)  # noqa: T201 - this is the command line
