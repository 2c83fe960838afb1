"""Runs the campaign of a `@saga_test`, and turns what it found into a test's result."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign import Campaign, CampaignEvent, CampaignOptions
from harness.counterexample_text import narrate, violation_lines, write_page
from harness.errors import SagaChaosError, UsageError, misplaced
from harness.loading import beside, load
from harness.pytest_plugin.options import SearchOptions
from harness.pytest_plugin.shared import exits_refused, worlds_of
from harness.report_model import Report, ScenarioReport, ScenarioVerdict, write_report
from harness.scenario import Scenario

DEFAULT_OUT = ".saga-chaos"
STORED = "counterexamples"
"""Below it, as `saga-chaos run` has it."""

MOST_NAME = 120
Given = str | Scenario | Callable[[], Scenario]


def passing_report(
    given: Given,
    asked: SearchOptions,
    function: Callable[..., object],
    request: pytest.FixtureRequest,
    *,
    allow_inconclusive: bool,
) -> ScenarioReport:
    """The report of a search that found nothing; fails the running test otherwise."""
    __tracebackhide__ = True
    try:
        folder = _folder(request)
        kept = _out(request.config) / STORED if _keeps(asked, request.config) else None
        report = _search(
            _scenario(given, function, request.config.rootpath), asked, folder, kept, request.config
        )
    except SagaChaosError as error:
        pytest.fail(f"saga-chaos: {error}", pytrace=False)
    _fail_unless_passed(report, folder, allow_inconclusive=allow_inconclusive)
    return report.scenarios[0]


def _keeps(asked: SearchOptions, config: pytest.Config) -> bool:
    return asked.stored and not config.getoption("--saga-no-stored")


def _search(
    scenario: Scenario, asked: SearchOptions, folder: Path, stored: Path | None, config: pytest.Config
) -> Report:
    worlds = worlds_of(config)
    options = CampaignOptions(
        out=folder,
        load=load,
        narrate=narrate,
        world=asked.world,
        search=asked.search,
        depth=asked.depth,
        examples=asked.examples,
        seed=asked.seed,
        seconds=asked.seconds,
        proxy=worlds.proxy if asked.proxy == "auto" else asked.proxy,
        in_process=True,
        unclaimed=asked.unclaimed,
        stored=stored,
    )
    worlds.close()
    with exits_refused():
        report = Campaign(options, _ignore).run([scenario])
    write_report(report, folder / "report.json")
    return report


def _ignore(event: CampaignEvent) -> None:
    """A test says nothing while it runs."""


def _fail_unless_passed(report: Report, folder: Path, *, allow_inconclusive: bool) -> None:
    __tracebackhide__ = True
    if report.environment == "interrupted by the user":
        raise KeyboardInterrupt
    if report.environment is not None:
        pytest.fail(f"saga-chaos: the machine cut the search short: {report.environment}", pytrace=False)
    if report.verdict is not ScenarioVerdict.PASS:
        write_page(report, folder)
    if report.verdict is ScenarioVerdict.FAIL:
        pytest.fail("\n".join(violation_lines(report, folder)), pytrace=False)
    if report.verdict is ScenarioVerdict.INCONCLUSIVE and not allow_inconclusive:
        notes = [f"  {note}" for one in report.scenarios for note in one.notes]
        page = f"  The whole report: {(folder / 'report.html').as_posix()}"
        lines = ["saga-chaos: nothing was violated, but not all that a pass needs was seen.", *notes, page]
        pytest.fail("\n".join(lines), pytrace=False)


# The scenario ---------------------------------------------------------------------------------


def _scenario(given: Given, function: Callable[..., object], root: Path) -> Scenario:
    if isinstance(given, str):
        return load(beside(given, (_file_of(function).parent, root)))
    made = given if isinstance(given, Scenario) else given()
    if not isinstance(made, Scenario):
        raise UsageError(misplaced("@saga_test, scenario", made, "a Scenario, or what returns one"))
    return made if made.reference else replace(made, reference=_reference(given, made, function))


def _reference(given: Given, made: Scenario, function: Callable[..., object]) -> str:
    """How `saga-chaos replay` finds it again: by a name that the test's module gives it."""
    names: dict[str, object] = getattr(function, "__globals__", {})
    for name, value in names.items():
        if value is given or value is made:
            return f"{_file_of(function)}:{name}"
    return ""


def _file_of(function: Callable[..., object]) -> Path:
    return Path(getattr(function, "__code__").co_filename)  # noqa: B009 - a Callable need not have one


# Its folder -----------------------------------------------------------------------------------


def _folder(request: pytest.FixtureRequest) -> Path:
    """One a worker and test, without what an earlier session left in it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    folder = _out(request.config) / worker / _file_name(request.node.nodeid)
    for stale in (*folder.glob("failures/*.json"), *folder.glob("histories/*.ndjson")):
        stale.unlink()
    return folder


def _out(config: pytest.Config) -> Path:
    chosen = config.getoption("--saga-out")
    return Path(chosen) if chosen else _default_out(config.rootpath)


def _default_out(root: Path) -> Path:
    out = root / DEFAULT_OUT
    try:
        out.mkdir(exist_ok=True)
        (out / ".gitignore").write_text("*\n")
    except OSError:
        return out  # the campaign finds it out, and says so in one message
    return out


def _file_name(nodeid: str) -> str:
    plain = nodeid.replace("/", ".").replace("::", "--")
    name = re.sub(r"[^\w.-]", "_", plain, flags=re.ASCII)[:MOST_NAME]
    if name == plain:
        return name
    return f"{name}-{hashlib.blake2b(nodeid.encode(), digest_size=3).hexdigest()}"
