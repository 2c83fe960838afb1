"""A report and the failure files and histories that it names, as one folder holds them.

Owns finding, reading and checking them. A file that is missing, broken or not of this report does not stop
the rest from being shown: it is kept as a problem, and every reader says so in its place. Refuses to read
anything outside the folder, whatever a file says.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ReportError, meant_path, misplaced
from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    Held,
    History,
    KeyConflict,
    Released,
    RunBegan,
    read_history,
)
from harness.report_model import FailureFile, Invariant, Report, ScenarioReport, read_failure, read_report
from reports.runs import FILE as RUNS_FILE
from reports.runs import ScenarioRuns, read_runs

MOST_BYTES = 20_000_000
"""Of one history; a larger one is named by its path, and not drawn."""

PREVIOUS = "previous"

_OF_A_CALL = (Delivered, EffectApplied, KeyConflict, CallAnswered, CallFailed, Held, Released)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One violated invariant of one scenario, with its smallest counterexample where it can be read."""

    scenario: ScenarioReport
    invariant: Invariant
    failure: FailureFile | None = None
    problem: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Smaller is easier to understand; among equals, the harm done comes before how it came about.

        Of a run without faults it is the other way round: that it has no outcome is the cause of all else.
        """
        faults = self.failure.plan.weight if self.failure else 99
        order = [one.id for one in self.scenario.invariants]
        cause = self.failure is not None and self.failure.plan.empty and self.invariant.id == "termination"
        return faults, -1 if cause else order.index(self.invariant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`folder` holds the report; paths in it are relative to that.

    refutations: failure files that a guarantee names, by path. problems: what could not be read, and why.
    previous: the report before this one, where its folder is known and still there. runs: what the file of
    all runs tells, by scenario title; empty for a report of a version that wrote none.
    """

    report: Report
    folder: Path
    violations: tuple[Violation, ...]
    histories: Mapping[str, History]
    refutations: Mapping[str, FailureFile] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    previous: Report | None = None
    runs: Mapping[str, ScenarioRuns] = field(default_factory=dict)

    @property
    def smallest(self) -> Violation | None:
        """The counterexample to show first."""
        return min(self.violations, key=lambda one: one.size, default=None)


def read_bundle(report: Report, folder: Path) -> Bundle:
    """With every failure file that the report names, and the history behind it."""
    reader = _Reader(folder)
    violations = tuple(
        reader.violation(scenario, invariant)
        for scenario in report.scenarios
        for invariant in scenario.invariants
        if invariant.verdict == "violated"
    )
    refutations = reader.refutations(report)
    failures = [*(one.failure for one in violations), *refutations.values()]
    names = dict.fromkeys(one.history for one in failures if one is not None and one.history)
    found = {name: reader.history(name) for name in names}
    runs = reader.runs(frozenset(one.saga_id for one in failures if one is not None))
    return Bundle(
        report=report,
        folder=folder,
        violations=violations,
        histories={name: history for name, history in found.items() if history is not None},
        refutations=refutations,
        previous=reader.previous(report),
        runs=runs,
        problems=tuple(reader.problems),
    )


class _Reader:
    """Reads the files of one folder, and keeps what was wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[str] = []

    def violation(self, scenario: ScenarioReport, invariant: Invariant) -> Violation:
        if invariant.failure is None:
            return Violation(scenario=scenario, invariant=invariant, problem="No counterexample was written.")
        try:
            failure = self._failure(invariant.failure, scenario, invariant.id)
        except ReportError as error:
            self.problems.append(str(error))
            problem = f"Its counterexample cannot be read. {error}"
            return Violation(scenario=scenario, invariant=invariant, problem=problem)
        return Violation(scenario=scenario, invariant=invariant, failure=failure)

    def refutations(self, report: Report) -> dict[str, FailureFile]:
        """Those that no invariant names already."""
        found: dict[str, FailureFile] = {}
        for scenario in report.scenarios:
            known = {one.failure for one in scenario.invariants}
            for guarantee in scenario.guarantees:
                name = guarantee.failure
                if name is None or name in known or name in found:
                    continue
                try:
                    found[name] = self._failure(name, scenario)
                except ReportError as error:
                    self.problems.append(str(error))
        return found

    def history(self, name: str) -> History | None:
        """None where it cannot be read: the failure file holds the timeline too."""
        try:
            return checked_history(self._inside(name))
        except ReportError as error:
            self.problems.append(str(error))
            return None

    def runs(self, wanted: frozenset[str]) -> Mapping[str, ScenarioRuns]:
        """Of all runs."""
        found, problem = read_runs(self._folder, wanted)
        if problem:
            self.problems.append(problem)
        return found

    def previous(self, report: Report) -> Report | None:
        """Of the folder that the report names, or `previous` in its own."""
        named = report.provenance.previous or PREVIOUS
        beside = Path(named).parent in (Path(), Path("..")) and Path(named).name not in ("", "..")
        path = self._folder / named / "report.json"
        if not beside or not path.is_file():
            return None
        try:
            return read_report(path)
        except ReportError as error:
            self.problems.append(f"The report before this one is not compared. {error}")
            return None

    def _failure(self, name: str, scenario: ScenarioReport, invariant: str | None = None) -> FailureFile:
        path = self._inside(name)
        failure = read_failure(path)
        found = failure.scenario.name, failure.world
        if found != (scenario.name, scenario.world):
            expected = f"a counterexample of {scenario.title}"
            raise ReportError(misplaced(f"{path}, scenario", f"{found[0]} ({found[1]})", expected))
        if invariant not in (None, failure.invariant):
            raise ReportError(misplaced(f"{path}, invariant", failure.invariant, str(invariant)))
        return failure

    def _inside(self, name: str) -> Path:
        """Raises ReportError for a path that leads out of the folder."""
        path = self._folder / name
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise ReportError(misplaced(str(self._folder), name, "a path inside this folder"))
        return path


def checked_history(path: Path) -> History:
    """Raises ReportError where it cannot be read, or is not what a run leaves."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ReportError(misplaced(str(path), error.strerror or str(error), "a history to read")) from error
    if size > MOST_BYTES:
        raise ReportError(misplaced(str(path), f"{size:,} bytes", f"at most {MOST_BYTES:,} to be shown"))
    try:
        history = read_history(path)
    except (OSError, RecursionError) as error:
        raise ReportError(misplaced(str(path), str(error), "a history to read")) from error
    _check(history, str(path))
    return history


def _check(history: History, where: str) -> None:
    """What every reader of a history relies on: it begins as one, and its events are of known calls."""
    first = history.events[0] if history.events else None
    if not isinstance(first, RunBegan):
        found = type(first).__name__ if first is not None else "no event"
        raise ReportError(misplaced(f"{where}, line 2", found, "the beginning of a run"))
    sent: set[int] = set()
    for index, event in enumerate(history.events):
        if isinstance(event, CallSent):
            sent.add(event.call)
        elif isinstance(event, _OF_A_CALL) and event.call not in sent:
            found = f"{type(event).__name__} of call {event.call}"
            raise ReportError(misplaced(f"{where}, line {index + 2}", found, "a call that was sent before"))


def report_path(folder: Path) -> Path:
    """DIR/report.json. Raises ReportError where DIR is no folder of ours."""
    path = folder / "report.json"
    if not path.is_file():
        found = "no report.json" if folder.is_dir() else "no such folder"
        expected = f"a folder that saga-chaos wrote, with report.json{meant_path(folder)}"
        if (folder / RUNS_FILE).is_file():
            resume = f"saga-chaos run --resume {shlex.quote(str(folder))}"
            expected += f". Its campaign did not end; {resume} goes on with it"
        raise ReportError(misplaced(str(folder), found, expected))
    return path
