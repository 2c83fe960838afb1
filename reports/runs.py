"""What `runs.ndjson` tells of all runs: what became of each fault, an example of each situation, latencies.

Owns the reading, line by line, so that a hundred thousand runs take seconds and little memory. A line that
is no run of ours is counted, and the first one is named. Refuses to judge: verdicts stand in the lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from harness.errors import misplaced
from harness.plan import FaultPlan, PlannedFault, PlannedPreemption, from_planned
from harness.saga import Json
from reports.words import counted

FILE = "runs.ndjson"
MOST_EXAMPLES = 3
NOT_COUNTED = "minimised"
"""The last shrinking repeats what was found with less; the report does not count it."""

_VIOLATED = "v"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One run: where it stands in the file, its plan, how its sagas ended, and what it violated."""

    line: int
    plan: FaultPlan
    statuses: tuple[str, ...]
    violated: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class CellRuns:
    """Of one kind at one operation. alone: runs in which it fired and was the whole plan."""

    fired: int = 0
    alone: int = 0
    alone_violated: int = 0
    violated: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class ScenarioRuns:
    """Of one scenario. compensation_s: of all runs. by_struck_s: of runs with one fault, by its operation.

    broken: what else the run of a counterexample violates, by its plan without inputs and saga id.
    """

    runs: int = 0
    cells: dict[tuple[str, str], CellRuns] = field(default_factory=dict)
    situations: dict[str, Example] = field(default_factory=dict)
    compensation_s: list[float] = field(default_factory=list)
    by_struck_s: dict[str, list[float]] = field(default_factory=dict)
    broken: dict[tuple[FaultPlan, str], tuple[str, ...]] = field(default_factory=dict)


class _Fault(PlannedFault, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A later version may say more of a fault, which nothing here needs."""


class _Preemption(PlannedPreemption, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The same of a preemption."""


class _Drawn(msgspec.Struct, frozen=True):
    """An input that was drawn; another one is told by its index in the scenario, which is not here."""

    drawn: Json = None


class _Run(msgspec.Struct, frozen=True, tag="run"):
    scenario: int
    part: str
    saga_id: str
    verdicts: str
    plan: tuple[_Fault, ...] = ()
    preemptions: tuple[_Preemption, ...] = ()
    sagas: int = 1
    other_inputs: tuple[int | _Drawn, ...] = ()
    strikes: tuple[int, ...] = ()
    as_planned: tuple[int, ...] | None = None
    situations: tuple[str, ...] = ()
    statuses: tuple[str | None, ...] = ()
    compensation_s: tuple[float, ...] = ()


class _Scenario(msgspec.Struct, frozen=True):
    name: str
    world: str
    invariants: tuple[str, ...]


class _Campaign(msgspec.Struct, frozen=True, tag="campaign"):
    scenarios: tuple[_Scenario, ...]


class _Other(msgspec.Struct, frozen=True):
    """A line that is neither: how the search went on, which nothing here needs."""

    type: str


_KNOWN = ("campaign", "run")
_decoder: msgspec.json.Decoder[_Campaign | _Run] = msgspec.json.Decoder(_Campaign | _Run)
_other: msgspec.json.Decoder[_Other] = msgspec.json.Decoder(_Other)


def read_runs(folder: Path, wanted: frozenset[str] = frozenset()) -> tuple[Mapping[str, ScenarioRuns], str]:
    """(by scenario title, what was wrong with the file or nothing); empty where there is no file.

    wanted: saga ids of counterexamples, of which `broken` tells.
    """
    path = folder / FILE
    if not path.is_file():
        return {}, ""
    reader = _Runs(wanted)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                reader.add(number, line)
    except OSError as error:
        return {}, misplaced(str(path), error.strerror or str(error), "a file to read")
    return reader.by_title, reader.problem(path)


class _Runs:
    """Adds up one file."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._scenarios: tuple[_Scenario, ...] = ()
        self._wrong: list[tuple[int, str]] = []
        self.by_title: dict[str, ScenarioRuns] = {}

    def problem(self, path: Path) -> str:
        """Of the first line that could not be read, and how many there are."""
        if not self._wrong:
            return "" if self._scenarios else misplaced(str(path), "no campaign", "the runs of one")
        number, why = self._wrong[0]
        others = len(self._wrong) - 1
        more = f"; so {'is' if others == 1 else 'are'} {counted(others, 'more line')}" if others else ""
        return misplaced(f"{path}, line {number}", why, f"a line of a campaign; it is left out{more}")

    def add(self, number: int, line: bytes) -> None:
        """A line that was cut off by a death is the last one, and no error."""
        if not line.endswith(b"\n"):
            return
        try:
            read = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if not _is_other(line):
                self._wrong.append((number, str(error)[:120]))
            return
        if isinstance(read, _Campaign):
            self._scenarios = self._scenarios or read.scenarios
        elif isinstance(read, _Run):
            self._run(number, read)

    def _run(self, number: int, run: _Run) -> None:
        if not 0 <= run.scenario < len(self._scenarios):
            self._wrong.append((number, f"scenario {run.scenario}"))
            return
        scenario = self._scenarios[run.scenario]
        one = self.by_title.setdefault(f"{scenario.name} ({scenario.world})", ScenarioRuns())
        violated = _VIOLATED in run.verdicts
        if violated and run.saga_id in self._wanted:
            one.broken.setdefault((without_inputs(_plan(run)), run.saga_id), _violated(run, scenario))
        if run.part == NOT_COUNTED:
            return
        one.runs += 1
        one.compensation_s += run.compensation_s
        if len(run.plan) == 1 == run.sagas and run.compensation_s:
            one.by_struck_s.setdefault(run.plan[0].operation, []).extend(run.compensation_s)
        for id_ in run.situations:
            if id_ not in one.situations:
                one.situations[id_] = self._example(number, run, scenario)
        for key in self._fired(run):
            self._cell(one.cells.setdefault(key, CellRuns()), number, run, scenario, violated=violated)

    def _fired(self, run: _Run) -> Iterator[tuple[str, str]]:
        """Each pair of kind and operation of the plan that fired, once."""
        fired = run.strikes if run.as_planned is None else run.as_planned
        pairs = ((one.kind, one.operation) for one, times in zip(run.plan, fired, strict=False) if times)
        yield from dict.fromkeys(pairs)

    def _cell(self, cell: CellRuns, number: int, run: _Run, scenario: _Scenario, *, violated: bool) -> None:
        alone = len(run.plan) == 1 == run.sagas
        cell.fired += 1
        cell.violated += violated
        cell.alone += alone
        cell.alone_violated += alone and violated
        if len(cell.examples) < MOST_EXAMPLES:
            cell.examples.append(self._example(number, run, scenario))
        elif violated and alone and not any(one.violated for one in cell.examples):
            cell.examples[-1] = self._example(number, run, scenario)

    def _example(self, number: int, run: _Run, scenario: _Scenario) -> Example:
        return Example(
            line=number,
            plan=_plan(run),
            statuses=tuple(status or "no outcome" for status in run.statuses),
            violated=_violated(run, scenario),
        )


def _plan(run: _Run) -> FaultPlan:
    others = [
        f"input {one + 1} of the scenario" if isinstance(one, int) else one.drawn for one in run.other_inputs
    ]
    return from_planned(run.plan, run.preemptions, run.sagas, others)


def without_inputs(plan: FaultPlan) -> FaultPlan:
    """The plan, less the inputs: the saga id tells runs with different ones apart."""
    return replace(plan, other_inputs=())


def _is_other(line: bytes) -> bool:
    try:
        return _other.decode(line).type not in _KNOWN
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _violated(run: _Run, scenario: _Scenario) -> tuple[str, ...]:
    return tuple(
        id_ for id_, letter in zip(scenario.invariants, run.verdicts, strict=False) if letter == _VIOLATED
    )
