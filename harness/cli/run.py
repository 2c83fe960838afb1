"""`saga-chaos run`: a campaign, shown while it runs, written when it ends."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from harness.campaign import (
    Campaign,
    CampaignEvent,
    CampaignOptions,
    Noted,
    ScenarioBegan,
    ScenarioEnded,
    ScenarioProgressed,
)
from harness.cli import earlier
from harness.cli.provenance import now, previous_of, provenance
from harness.counterexample_text import narrate
from harness.loading import load, load_all
from harness.packages import our_packages
from harness.report_model import Report, exit_code, write_report

with our_packages():
    from reports.annotations import VARIABLE, campaign_annotations
    from reports.bundle import Bundle, read_bundle
    from reports.console import CampaignConsole
    from reports.write import write_reports

OUT = Path("reports/out")
STORED = Path(".saga-chaos/counterexamples")
"""Beside what the user works at, as `.hypothesis` is; git ignores it."""

ENVIRONMENT_FAILED = 4


def run(arguments: argparse.Namespace) -> int:
    """Search, show, write; returns the exit code of the verdict."""
    console = CampaignConsole()
    began = now()
    put_aside = _put_aside(Path(arguments.out), console) if arguments.out is not None else None
    scenarios = load_all(arguments.scenarios)
    options = _options(arguments)
    previous = previous_of(options.out, put_aside=put_aside)
    told = provenance(arguments.given, began=began, seed=options.seed or 0, previous=previous)
    report = replace(Campaign(options, _Shown(console)).run(scenarios), provenance=told)
    console.interrupted()
    _write(report, options.out)
    if arguments.out is None:
        _point_latest(options.out)
    bundle = read_bundle(report, options.out)
    _annotate(bundle)
    console.finished(bundle)
    return ENVIRONMENT_FAILED if report.environment else exit_code(report.verdict)


def _annotate(bundle: Bundle) -> None:
    """In a job of GitHub Actions, before the rest: the smallest counterexample is the last thing shown."""
    if os.environ.get(VARIABLE) == "true":
        for line in campaign_annotations(bundle):
            print(line)  # noqa: T201 - this is the command line


def _put_aside(out: Path, console: CampaignConsole) -> Path | None:
    """First of all: a run that does not even load must not leave an old verdict for the gate to read."""
    previous = earlier.put_aside(out)
    if previous is not None:
        console.note(f"The report that was in {out} is in {previous} now")
    return previous


def _options(arguments: argparse.Namespace) -> CampaignOptions:
    return CampaignOptions(
        out=Path(arguments.out) if arguments.out else _fresh_folder(),
        load=load,
        narrate=narrate,
        world=arguments.world,
        search=arguments.search,
        depth=arguments.depth,
        examples=arguments.examples,
        seed=arguments.seed,
        seconds=arguments.seconds,
        workers=arguments.workers,
        proxy=arguments.proxy,
        unclaimed=arguments.unclaimed,
        stored=None if arguments.no_stored else STORED,
    )


def _fresh_folder() -> Path:
    named = datetime.now(tz=UTC).strftime("%Y-%m-%dT%H-%M-%S")
    taken = [named, *(f"{named}-{number}" for number in range(2, 100))]
    return OUT / next(one for one in taken if not (OUT / one).exists())


def _write(report: Report, out: Path) -> None:
    write_report(report, out / "report.json")
    write_reports(report, out)


def _point_latest(out: Path) -> None:
    latest = out.parent / "latest"
    beside = out.parent / f".latest.{os.getpid()}"
    beside.symlink_to(out.name, target_is_directory=True)
    beside.replace(latest)


class _Shown:
    """Hands a campaign's events to the console."""

    def __init__(self, console: CampaignConsole) -> None:
        self._console = console

    def __call__(self, event: CampaignEvent) -> None:
        match event:
            case ScenarioBegan():
                self._console.began(event.name, event.world)
            case ScenarioProgressed():
                self._console.progressed(
                    event.runs, violated=event.violated, planned=event.planned, left_s=event.left_s
                )
            case ScenarioEnded():
                self._console.ended(event.report)
            case Noted():
                self._console.note(event.text)
