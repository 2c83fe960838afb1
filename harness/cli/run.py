"""`saga-chaos run`: a campaign, shown while it runs, written when it ends; `--resume` goes on with one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

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
from harness.campaign.journal import read_recorded
from harness.campaign.processes import uninterrupted
from harness.campaign.records import Options, Origin
from harness.choices import ProxyKind, SearchKind, WorldName
from harness.cli import archive
from harness.cli.provenance import now, previous_of, provenance
from harness.cli.sources import content_of
from harness.counterexample_text import narrate
from harness.errors import UsageError, misplaced
from harness.loading import HERE, load, load_all
from harness.packages import our_packages
from harness.report_model import Report, exit_code, write_report
from harness.scenario import Scenario

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
    console = CampaignConsole(quiet=arguments.quiet)
    if arguments.resume is not None:
        return _resume(arguments, console)
    began = now()
    put_aside = _put_aside(Path(arguments.out), console) if arguments.out is not None else None
    scenarios = load_all(arguments.scenarios)
    if not arguments.scenarios and not Path(HERE).is_file():
        console.note(
            f"No {HERE} in this folder: the scenarios that come with saga-chaos are searched, "
            f"{', '.join(one.name for one in scenarios)}. `saga-chaos scaffold NAME` writes one of your own."
        )
    out = Path(arguments.out) if arguments.out else _fresh_folder()
    origin = Origin(
        began=began, command=tuple(arguments.given), previous=previous_of(out, put_aside=put_aside)
    )
    options = _options(arguments, out, Options(stored=not arguments.no_stored), origin)
    return _run(Campaign(options, _Shown(console)), scenarios, options, console)


def _resume(arguments: argparse.Namespace, console: CampaignConsole) -> int:
    """Go on with a campaign. Raises UsageError where it is asked for another one."""
    for name in ("scenarios", "out"):
        given = getattr(arguments, name)
        if given:
            expected = f"none: they are those of the campaign in {arguments.resume}"
            raise UsageError(misplaced(f"--resume {arguments.resume}, {name}", given, expected))
    out = Path(arguments.resume)
    recorded = read_recorded(out)
    began = recorded.campaign
    scenarios = [load(one.reference or one.name) for one in began.scenarios]
    options = _options(arguments, out, began.options, began.origin)
    return _run(Campaign(options, _Shown(console), recorded), scenarios, options, console)


def _run(
    campaign: Campaign, scenarios: Sequence[Scenario], options: CampaignOptions, console: CampaignConsole
) -> int:
    report, out, origin = campaign.run(scenarios), options.out, options.origin
    with uninterrupted():
        told = provenance(
            origin.command, began=origin.began, seed=options.seed or 0, previous=origin.previous
        )
        report = replace(report, provenance=told)
        console.interrupted()
        _write(report, out)
        if out.parent == OUT:
            _point_latest(out)
        bundle = read_bundle(report, out)
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
    previous = archive.put_aside(out)
    if previous is not None:
        console.note(f"The report that was in {out} is in {previous} now")
    return previous


def _options(arguments: argparse.Namespace, out: Path, before: Options, origin: Origin) -> CampaignOptions:
    """What was asked for. before: of a campaign that is resumed; it is asked for what is not named anew."""

    def asked(name: str) -> object:
        given = getattr(arguments, name)
        return getattr(before, name) if given is None else given

    return CampaignOptions(
        out=out,
        load=load,
        narrate=narrate,
        world=cast("WorldName | None", asked("world")),
        search=cast("SearchKind", asked("search")),
        depth=cast("int | None", asked("depth")),
        examples=cast("int | None", asked("examples")),
        seed=cast("int | None", asked("seed")),
        seconds=cast("float | None", asked("seconds")),
        workers=arguments.workers,
        proxy=cast("ProxyKind", asked("proxy")),
        unclaimed=arguments.unclaimed or before.unclaimed,
        until_first=arguments.fail_fast or before.fail_fast,
        sagas=cast("int | None", asked("sagas")),
        only=tuple(arguments.only or before.only),
        stored=STORED if before.stored and not arguments.no_stored else None,
        content=content_of,
        origin=origin,
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
