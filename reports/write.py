"""Writes all that a campaign leaves for people and CI, beside each other in one folder.

Owns the order: report.json first, so that what was found is on disk whatever comes after it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.json_files import write_whole
from harness.report_model import Report, write_report
from reports.bundle import Bundle, read_bundle
from reports.html import report_html
from reports.junit import junit_xml
from reports.summary import summary_md


def write_reports(report: Report, out: Path) -> None:
    """report.json, junit.xml, summary.md, report.html.

    Failure files and histories that the report names are read from `out`, so they come before.
    Raises EnvironmentFault where the folder does not take a file.
    """
    write_report(report, out / "report.json")
    write_rendered(read_bundle(report, out), out)


def write_rendered(bundle: Bundle, out: Path) -> tuple[Path, ...]:
    """All but report.json, from what was read; the paths that were written."""
    written: dict[str, Callable[[], bytes]] = {
        "junit.xml": lambda: junit_xml(bundle),
        "summary.md": lambda: summary_md(bundle).encode(),
        "report.html": lambda: report_html(bundle).encode(),
    }
    for name, content in written.items():
        write_whole(out / name, content())
    return tuple(out / name for name in written)
