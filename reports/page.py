"""What report.html shows, in which order, and where its links lead.

Owns the answers that the templates ask for. Refuses to escape and to lay out (`reports.html`, templates).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from html import escape
from types import ModuleType
from typing import TYPE_CHECKING

from harness.report_model import FailureFile, ScenarioReport
from reports import coverage, words
from reports.bundle import Bundle
from reports.comparison import Change, Since, compared
from reports.coverage import MEANINGS, Cell, Matrix, State
from reports.escape import printable
from reports.exchange import Exchange, Said, exchanges, said
from reports.figures.choice import latency_drawings
from reports.findings import Finding, findings
from reports.latency import measured
from reports.room import ROOMS, Room
from reports.rows import Row, rows
from reports.runs import Example
from reports.sequence import RunSequence, sequence
from reports.sequence_svg import sequence_svg
from reports.snippets import pytest_function
from reports.timeline import elided, sentence
from reports.top import Top
from reports.unexercised import unexercised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.history import History


class Page:
    """Of one bundle, with so much room. Everything is computed once."""

    words: ModuleType = words
    meanings: Mapping[State, str] = MEANINGS

    def __init__(self, bundle: Bundle, room: Room = ROOMS[0]) -> None:
        self._bundle = bundle
        self.room = room
        self.folder = bundle.folder.as_posix()
        self.findings: tuple[Finding, ...] = findings(bundle)
        self.top = Top(bundle, len(self.findings))
        self._compared = compared(bundle.report, bundle.previous)
        self._seen: set[str] = set()
        self._sequences: dict[str, RunSequence] = {}
        self._rows: dict[str, list[Row]] = {}
        first = _first_of_each(self.findings)
        anchors = [one.anchor for one in first if one.history is not None]
        self._at_length = set(anchors[: room.at_length])
        self._drawn = set(anchors[: room.drawn])
        self._whole = {one.anchor for one in first[: room.whole]}
        self._matrices = {
            one.title: coverage.matrix(one, self.findings, bundle.runs.get(one.title))
            for one in bundle.report.scenarios
        }

    # the top --------------------------------------------------------------------------------------

    @property
    def changes(self) -> list[tuple[Since, int]]:
        """Since the report before; empty where there is none, or neither found anything."""
        counted = Counter(one.since for one in self._compared)
        return [(since, counted[since]) for since in Since if counted[since]]

    @property
    def gone(self) -> list[Change]:
        """What the report before found, and this one did not."""
        return [one for one in self._compared if one.since in (Since.FIXED, Since.NOT_SHOWN)]

    @property
    def contents(self) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
        """(anchor, title, entries) of each part that is there; an entry has an anchor, a title and a hint."""
        report = self._bundle.report
        grids = [one.title for one in report.scenarios if self._matrices[one.title] is not None]
        named = [(one.anchor, one.title, self._hint(one)) for one in self.findings]
        grids_at = [(self.anchor("coverage", one), one, "") for one in grids]
        parts: list[tuple[bool, str, str, list[tuple[str, str, str]]]] = [
            (bool(self._bundle.problems), "problems", "What could not be read", []),
            (bool(self.findings), "findings", "Findings", named),
            (bool(self.gone), "gone", "No longer seen", []),
            (True, "searched", "What was searched", []),
            (True, "not-exercised", "What was not exercised", []),
            (bool(grids), "coverage", "Coverage", grids_at),
            (True, "invariants", "Invariants", []),
            (bool(words.guarantee_ids(report)), "guarantees", "Guarantees", []),
            (any(one.situations for one in report.scenarios), "situations", "Situations", []),
            (bool(measured(report)), "latency", "Compensation latency", []),
            (True, "about", "About this report", []),
        ]
        return [(anchor, title, entries) for there, anchor, title, entries in parts if there]

    def _hint(self, one: Finding) -> str:
        """What tells findings with the same title apart."""
        plan = one.failure.plan.faults if one.failure is not None else ()
        scenario = (one.scenario.title,) if len(self._bundle.report.scenarios) > 1 else ()
        return ", ".join((*dict.fromkeys(fault.kind for fault in plan), *scenario))

    # findings -------------------------------------------------------------------------------------

    def drawn(self, one: Finding) -> bool:
        """Whether it has a diagram."""
        return one.anchor in self._drawn

    def diagram(self, one: Finding) -> str:
        """The sequence of its run."""
        title = f"Sequence diagram of the run: {one.title}"
        return sequence_svg(self._sequence(one), anchor=one.anchor, title=title)

    def cut(self, one: Finding) -> str:
        """What a diagram of a long run leaves out."""
        left = self._sequence(one).left_out
        return f"{words.counted(left, 'line')} of a long run are left out." if left else ""

    def _sequence(self, one: Finding) -> RunSequence:
        assert one.history is not None
        if one.anchor not in self._sequences:
            every = self._every_row(one)
            most = self.room.rows(at_length=one.anchor in self._at_length)
            self._sequences[one.anchor] = sequence(one.history, one.evidence, most=most, told=every)
        return self._sequences[one.anchor]

    def rows_of(self, one: Finding) -> list[Row]:
        """The same as text."""
        return elided(self._every_row(one), self.room.rows(at_length=one.anchor in self._at_length))

    def _every_row(self, one: Finding) -> list[Row]:
        """Made once: a long run has a hundred thousand events."""
        assert one.history is not None
        if one.anchor not in self._rows:
            self._rows[one.anchor] = rows(one.history, one.evidence)
        return self._rows[one.anchor]

    def no_history(self, one: Finding) -> str:
        """Why there is no diagram."""
        named = one.failure.history if one.failure is not None else None
        return f"The history {named} could not be read." if named else "No history was kept of this run."

    def replay_of(self, one: Finding) -> str:
        """What to paste."""
        return words.replay_command(self._bundle.folder, one.path)

    def files_of(self, one: Finding) -> list[str]:
        """The failure files and histories, each once."""
        names = [one.path]
        for each in one.violations:
            names += [each.invariant.failure or "", (each.failure and each.failure.history) or ""]
        names.append((one.failure and one.failure.history) or "")
        return [name for name in dict.fromkeys(names) if name]

    def search_of(self, failure: FailureFile) -> str:
        """`guided search, seed 0, in 1,388 runs`."""
        kind = {"both": "guided search and Hypothesis", "hypothesis": "Hypothesis"}.get(
            failure.search.kind, f"{failure.search.kind} search"
        )
        seed = "" if failure.search.seed is None else f", seed {failure.search.seed}"
        return f"{kind}{seed}, in {words.counted(failure.search.runs, 'run')}"

    def exchanges(self, one: Finding) -> tuple[Sequence[Exchange], int]:
        """The requests and answers to show, and how many there are."""
        assert one.history is not None
        most = self.room.calls(at_length=one.anchor in self._at_length)
        return exchanges(one.history, self._every_row(one), most)

    def whole(self, one: Finding) -> bool:
        """Whether the page tells what happened."""
        return one.anchor in self._whole

    def said(self, history: History) -> tuple[Said, ...]:
        """What the saga came back with."""
        return said(history)

    def pytest_function(self, one: Finding, failure: FailureFile) -> str:
        """What to paste into a test."""
        return pytest_function(failure, (self._bundle.folder / one.path).as_posix())

    def sentence(self, row: Row) -> str:
        """A row that is no call."""
        return sentence(row)

    # tables ---------------------------------------------------------------------------------------

    def seen(self, part: str) -> bool:
        """False the first time: the heading of a part that only some scenarios have."""
        known = part in self._seen
        self._seen.add(part)
        return known

    def anchor(self, *names: str) -> str:
        """A plain id that no name of a scenario can break."""
        named = "\n".join(names[1:]).encode("utf-8", "backslashreplace")
        return f"{names[0]}-{hashlib.blake2b(named, digest_size=6).hexdigest()}"

    def breakable(self, name: str) -> str:
        """A name that may be broken after its dots and slashes, escaped."""
        parts = [escape(part) for part in printable(name).replace("/", "/\n").replace(".", ".\n").split("\n")]
        return "<wbr>".join(parts)

    def matrix(self, scenario: ScenarioReport) -> Matrix | None:
        """The coverage of a scenario."""
        return self._matrices[scenario.title]

    def state_words(self, cell: Cell) -> str:
        """For those who hear the page."""
        return MEANINGS[cell.state]

    def examples_of(self, cell: Cell) -> list[str]:
        """Some of the runs behind a cell, those that violated something first."""
        known = cell.runs.examples if cell.runs is not None else []
        worst = sorted(known, key=lambda one: not one.violated)
        return [_run_words(one) for one in worst[: self.room.examples]]

    def listed(self, cell: Cell) -> bool:
        """Whether a cell has a row that says what is known of it."""
        return cell.tells and (self.room.cells or cell.state in (State.VIOLATED, State.UNFIRED))

    def example_of(self, scenario: ScenarioReport, situation: str) -> str:
        """The first run in which a situation was seen; empty where no record tells."""
        runs = self._bundle.runs.get(scenario.title)
        known = runs.situations.get(situation) if runs is not None else None
        return _run_words(known) if known is not None else ""

    def alone_words(self, cell: Cell) -> str:
        """The results of its runs."""
        runs = cell.runs
        if runs is None or not runs.fired:
            return ""
        alone = f"Alone in {words.counted(runs.alone, 'run')}, {runs.alone_violated:,} violated something"
        return f"{alone}; in all, {runs.violated:,} of {words.counted(runs.fired, 'run')} did."

    def unexercised(self, scenario: ScenarioReport) -> list[str]:
        """What no run put to the test."""
        return unexercised(scenario, self._matrices[scenario.title])

    def finding_of(self, scenario: ScenarioReport, invariant: str) -> Finding | None:
        """Where an invariant is shown to be violated."""
        return next(
            (
                one
                for one in self.findings
                if one.scenario.title == scenario.title
                and any(each.invariant.id == invariant for each in one.violations)
            ),
            None,
        )

    def claims(self, one: Finding, guarantee: str) -> bool:
        """Whether its saga claims a guarantee that it refutes; `--unclaimed` tries the others too."""
        return any(each.claimed for each in one.scenario.guarantees if each.id == guarantee)

    def refuted_by(self, scenario: ScenarioReport, guarantee: str) -> Finding | None:
        """Where a guarantee is refuted."""
        return next(
            (
                one
                for one in self.findings
                if one.scenario.title == scenario.title and guarantee in one.guarantees
            ),
            None,
        )


def figures(bundle: Bundle) -> list[tuple[str, str, str]]:
    """(title, svg, caption) of each figure of latency."""
    return [(one.title, *one.inline()) for one in latency_drawings(bundle)]


def _first_of_each(findings: Sequence[Finding]) -> list[Finding]:
    """The first one of each scenario, then the second ones: none is short for another's many."""
    seen: Counter[str] = Counter()
    ranks: list[int] = []
    for one in findings:
        ranks.append(seen[one.scenario.title])
        seen[one.scenario.title] += 1
    return [one for _, one in sorted(zip(ranks, findings, strict=True), key=lambda pair: pair[0])]


def _run_words(one: Example) -> str:
    faults = [f"{words.fault_name(each)} at {words.fault_place(each)}" for each in one.plan.faults]
    plan = "; ".join((*faults, *map(words.preemption_line, one.plan.preemptions)))
    ended = ", ".join(one.statuses) or "no saga"
    broke = f", violated {', '.join(one.violated)}" if one.violated else ""
    return f"line {one.line:,} of runs.ndjson: {plan or 'no fault'}: {ended}{broke}"
