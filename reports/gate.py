"""The gate: from a report and a policy to an exit code, with every check in a table and why it came out so.

Owns the order of the checks and the table. Each family of checks is a module of its own:
`gate_violations` (what a team may excuse), `gate_required` (what it asks for on top) and
`gate_latency` (budgets and regression). Refuses to run anything: all is read from files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harness.report_model import Report, ScenarioVerdict, exit_code, read_report, worst
from reports.bundle import report_path
from reports.escape import printable
from reports.gate_check import Check, Given, Word
from reports.gate_latency import budgets, regression
from reports.gate_required import mutation, required
from reports.gate_violations import evidence, fixed, headline, violations, waivers
from reports.policy import DEFAULT_POLICY, Policy
from reports.policy_file import read_policy

PREVIOUS = "previous"
"""Where `saga-chaos run` puts the report that was in its folder before, unless the report names another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What was decided, and why."""

    verdict: ScenarioVerdict
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0, 1 or 3."""
        return exit_code(self.verdict)

    @property
    def table(self) -> list[Check]:
        """The worst first, else in the order of the checks."""
        order = list(Word)
        return sorted(self.checks, key=lambda one: order.index(one.word))

    @property
    def lines(self) -> list[str]:
        """The verdict first, then the table."""
        rows = [
            (one.word.value, printable(one.where), printable(one.what), printable(one.why))
            for one in self.table
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
        widths[0] = max(len(word) for word in Word)
        told = (
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True))
            for row in rows
        )
        return [f"gate: {self.verdict.upper()}", *(f"  {line}" for line in told)]


def gate_folder(folder: Path, policy: Path | None, today: date) -> Gate:
    """`saga-chaos gate DIR [--policy FILE]`. Raises ReportError where a file cannot be read."""
    read = DEFAULT_POLICY if policy is None else read_policy(policy)
    report = read_report(report_path(folder))
    return gate(
        Given(report=report, folder=folder, policy=read, today=today, earlier=_earlier(folder, report, read))
    )


def gate(given: Given) -> Gate:
    """Judge a report by a policy; `today` decides which waivers are still good."""
    checks = tuple(_checks(given))
    return Gate(verdict=worst([ScenarioVerdict.PASS, *(one.verdict for one in checks)]), checks=checks)


def _checks(given: Given) -> Iterator[Check]:
    unneeded = [*waivers(given)]
    yield from violations(given)
    yield from evidence(given)
    yield from headline(given)
    yield from required(given)
    yield from mutation(given)
    yield from budgets(given)
    yield from regression(given)
    yield from fixed(given)
    yield from unneeded


def _earlier(folder: Path, report: Report, policy: Policy) -> Report | None:
    """The report of before, for `new_only`; None on the first run of all, where every violation is new."""
    if not policy.new_only:
        return None
    place = policy.earlier or folder / (report.provenance.previous or PREVIOUS)
    file = place if place.suffix == ".json" else place / "report.json"
    return read_report(file) if file.exists() else None
