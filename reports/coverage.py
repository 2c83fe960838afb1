"""The coverage matrix of a scenario: the result of each fault kind at each operation.

Owns the state of each cell: by the record of all runs, and where there is none, as far as `report.json` and
the counterexamples carry it. Refuses to call a cell held where that is not known: then it fired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.report_model import ScenarioReport, ScenarioVerdict, SiteCount
from reports.findings import Finding
from reports.runs import CellRuns, ScenarioRuns
from reports.words import counted, plain


class State(StrEnum):
    """VIOLATED: a smallest counterexample needs it, or a run with no other fault violated something.

    HELD: it was the only fault of runs, and none of them violated anything. FIRED: it fired, and what became
    of it alone is not known. UNFIRED: planned, and never seen to fire. IMPOSSIBLE: planned or not, the
    report says why it cannot. BLANK: claimed and possible, and not planned.
    """

    VIOLATED = "violated"
    HELD = "held"
    FIRED = "fired"
    UNFIRED = "unfired"
    IMPOSSIBLE = "impossible"
    UNCLAIMED = "unclaimed"
    BLANK = "blank"


ONLY_MESSAGES = "it strikes the delivery of messages"
ONLY_REQUESTS = "it strikes requests"
MEANINGS: Mapping[State, str] = {
    State.VIOLATED: "fired, and something was violated",
    State.HELD: "fired alone, and nothing was violated",
    State.FIRED: "fired, only beside other faults as far as is known",
    State.UNFIRED: "planned, and never fired",
    State.IMPOSSIBLE: "cannot strike there",
    State.UNCLAIMED: "of a guarantee that is not claimed",
    State.BLANK: "not planned",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind at one operation. `findings`: those whose plan has it. reason: why it cannot, or did not.

    runs: what the record of all runs tells; None where there is none.
    """

    kind: str
    operation: str
    state: State
    planned: int = 0
    fired: int = 0
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    runs: CellRuns | None = None

    @property
    def tells(self) -> bool:
        """Whether more is known of it than of its whole row or column."""
        plain_ = self.state is State.UNCLAIMED or self.reason in (ONLY_MESSAGES, ONLY_REQUESTS)
        return bool(self.text) and not plain_

    @property
    def text(self) -> str:
        """What stands in the cell; never colour alone."""
        if self.state in (State.VIOLATED, State.HELD, State.FIRED, State.UNFIRED):
            mark = {State.VIOLATED: "✗", State.UNFIRED: "!"}.get(self.state, "")
            return f"{self.fired:,}{mark}"
        return {State.IMPOSSIBLE: "\u00d7", State.UNCLAIMED: "\u2013"}.get(self.state, "")

    @property
    def title(self) -> str:
        """The whole in one sentence."""
        counts = f", fired in {self.fired:,} of {counted(self.planned, 'plan')}" if self.planned else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.kind} at {self.operation}: {MEANINGS[self.state]}{counts}{reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Operations down, kinds across."""

    kinds: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]

    def counts(self) -> Mapping[State, int]:
        """How many cells are in each state that is there."""
        found: defaultdict[State, int] = defaultdict(int)
        for _, cells in self.lines:
            for cell in cells:
                found[cell.state] += 1
        return {state: found[state] for state in State if found[state]}


def matrix(
    scenario: ScenarioReport, findings: Sequence[Finding] = (), runs: ScenarioRuns | None = None
) -> Matrix | None:
    """None where the campaign counted nothing by operation."""
    counts = {(one.kind, one.operation): one for one in scenario.faults.by_operation}
    if not counts:
        return None
    reader = _Cells(scenario, counts, findings, runs)
    known = [*counts, *reader.impossible]
    operations = dict.fromkeys(operation for _, operation in known)
    kinds = list(dict.fromkeys(kind for kind, _ in known))
    kinds += [kind for kind in reader.unclaimed if kind not in kinds]
    return Matrix(
        kinds=tuple(kinds),
        lines=tuple((name, tuple(reader.cell(kind, name) for kind in kinds)) for name in operations),
    )


class _Cells:
    """Looks up everything that is known of a kind at an operation."""

    def __init__(
        self,
        scenario: ScenarioReport,
        counts: Mapping[tuple[str, str], SiteCount],
        findings: Sequence[Finding],
        runs: ScenarioRuns | None,
    ) -> None:
        self._scenario = scenario
        self._runs = runs
        self._counts = counts
        self.impossible = {(one.fault, one.operation): one.reason for one in scenario.impossible}
        self._unconfirmed = {(one.fault, one.operation): one.reason for one in scenario.unconfirmed}
        self.unclaimed = _unclaimed(scenario)
        self._findings: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for one in findings:
            if one.failure is None or one.scenario.title != scenario.title:
                continue
            for kind, operation in dict.fromkeys((f.kind, f.operation) for f in one.failure.plan.faults):
                self._findings[kind, operation].append(one)

    def cell(self, kind: str, operation: str) -> Cell:
        """The state, and what it rests on."""
        key = kind, operation
        counted_ = self._counts.get(key)
        found = tuple(self._findings.get(key, ()))
        planned, fired = (counted_.planned, counted_.fired) if counted_ is not None else (0, 0)
        runs = self._runs.cells.get(key) if self._runs is not None else None
        violated = bool(found) or (runs is not None and runs.alone_violated > 0)
        state, reason = self._state(key, planned, fired, violated=violated)
        return Cell(
            kind=kind,
            operation=operation,
            state=state,
            planned=planned,
            fired=fired,
            reason=reason,
            findings=found,
            runs=runs,
        )

    def _state(self, key: tuple[str, str], planned: int, fired: int, *, violated: bool) -> tuple[State, str]:
        if violated:
            return State.VIOLATED, ""
        if fired:
            return (State.HELD if self._held(key) else State.FIRED), ""
        if planned and key not in self.impossible:
            return State.UNFIRED, self._unconfirmed.get(key, "")
        impossible = self.impossible.get(key) or _other_target(*key)
        if impossible:
            return State.IMPOSSIBLE, impossible
        if key[0] in self.unclaimed:
            return State.UNCLAIMED, plain(self.unclaimed[key[0]])
        return State.BLANK, ""

    def _held(self, key: tuple[str, str]) -> bool:
        """Nothing was violated where it was the only fault, or in any run at all."""
        if self._runs is None:
            return self._scenario.verdict is not ScenarioVerdict.FAIL
        known = self._runs.cells.get(key)
        return known is not None and known.alone > 0 and not known.alone_violated


def _other_target(kind: str, operation: str) -> str:
    """Why a kind that strikes messages strikes no request, nor the other way round; empty where it may."""
    from harness.faults import KINDS  # noqa: PLC0415 - the engine is not needed to read a report

    known = KINDS.get(kind)
    delivery = operation.endswith(".deliver")
    if known is None or known.deliveries == delivery:
        return ""
    return ONLY_MESSAGES if known.deliveries else ONLY_REQUESTS


def _unclaimed(scenario: ScenarioReport) -> dict[str, str]:
    """Kinds that no run was sent, by the guarantee that the saga does not claim."""
    from harness.faults import KINDS  # noqa: PLC0415 - the engine is not needed to read a report

    if scenario.unclaimed:
        return {}
    claims = {name: kind.claim for name, kind in KINDS.items()}
    return {
        name: claim.value
        for name, claim in claims.items()
        if claim is not None and claim.value in scenario.not_claimed
    }
