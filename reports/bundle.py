"""A report and the failure files and histories that it names, as one folder holds them.

Owns finding and reading them. A file that is missing or broken does not stop the rest from being
shown: it is kept as a problem, and every reader says so in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ReportError, misplaced
from harness.history import History, read_history
from harness.report_model import FailureFile, Invariant, Report, ScenarioReport, read_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One violated invariant of one scenario, with its smallest counterexample where it can be read."""

    scenario: ScenarioReport
    invariant: Invariant
    failure: FailureFile | None = None
    problem: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Smaller is easier to understand; among equals, the harm done comes before how it came about."""
        faults = len(self.failure.plan.faults) if self.failure else 99
        order = [one.id for one in self.scenario.invariants]
        return faults, order.index(self.invariant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`folder` holds the report; paths in it are relative to that."""

    report: Report
    folder: Path
    violations: tuple[Violation, ...]
    histories: Mapping[str, History]

    @property
    def smallest(self) -> Violation | None:
        """The counterexample to show first."""
        return min(self.violations, key=lambda one: one.size, default=None)


def read_bundle(report: Report, folder: Path) -> Bundle:
    """With every failure file that the report names, and the history behind it."""
    violations = tuple(
        _violation(scenario, invariant, folder)
        for scenario in report.scenarios
        for invariant in scenario.invariants
        if invariant.verdict == "violated"
    )
    names = [one.failure.history for one in violations if one.failure and one.failure.history]
    found = {name: _history(folder / name) for name in dict.fromkeys(names)}
    return Bundle(
        report=report,
        folder=folder,
        violations=violations,
        histories={name: history for name, history in found.items() if history is not None},
    )


def _violation(scenario: ScenarioReport, invariant: Invariant, folder: Path) -> Violation:
    if invariant.failure is None:
        return Violation(scenario=scenario, invariant=invariant, problem="No counterexample was written.")
    path = folder / invariant.failure
    try:
        return Violation(scenario=scenario, invariant=invariant, failure=read_failure(path))
    except ReportError as error:
        problem = f"Its counterexample cannot be read. {error}"
        return Violation(scenario=scenario, invariant=invariant, problem=problem)


def _history(path: Path) -> History | None:
    """None where it cannot be read: the failure file holds the timeline too."""
    try:
        history = read_history(path)
    except (OSError, ReportError):
        return None
    return history if history.events else None


def report_path(folder: Path) -> Path:
    """DIR/report.json. Raises ReportError where DIR is no folder of ours."""
    path = folder / "report.json"
    if not path.is_file():
        found = "no report.json" if folder.is_dir() else "no such folder"
        raise ReportError(misplaced(str(folder), found, "a folder that saga-chaos wrote, with report.json"))
    return path
