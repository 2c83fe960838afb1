"""`mutants.json`: what became of each mistake that was planted.

Owns the types of the file, its reading and writing, and the score. Refuses to show anything
(`reports.mutants` does).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from harness.choices import WorldName
from harness.errors import PlanError, ReportError
from harness.json_files import converted, json_object, pretty, write_whole
from harness.plan import FaultPlan, plan_from_json, plan_to_json
from harness.report_model import ScenarioVerdict, Tool
from harness.saga import Json

FORMAT_VERSION = 1
FILE = "mutants.json"


class Status(StrEnum):
    """What became of a mutant. Invalid: it cannot be told from the saga, or is none; it does not count."""

    KILLED = "killed"
    SURVIVED = "survived"
    INVALID = "invalid"


class How(StrEnum):
    """What a mutant was killed by."""

    INVARIANT = "invariant"  # a run violates one
    VERDICT = "verdict"  # nothing is violated, but the search is no pass any more, as the original's is
    LOAD = "load"  # it cannot be imported
    HANG = "hang"  # a run could not be interrupted


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake.

    id: the same for the same source. where: `file:line` of the original. function: what it stands in.
    invariant, faults: the violated invariant with the smallest plan, and how many faults that has; None
    where nothing was violated. invariants: all that were. plan: the smallest, in its file form.
    input: of that run. message: what was found. reason: why it is invalid, or why it may survive.
    how: what killed it. runs: how many its search took. complete: whether that search left nothing out.
    """

    id: str
    operator: str
    where: str
    status: Status
    invariant: str | None = None
    faults: int | None = None
    function: str = ""
    how: How | None = None
    invariants: tuple[str, ...] = ()
    plan: Json = None
    input: Json = None
    message: str = ""
    reason: str = ""
    diff: str = ""
    runs: int = 0
    complete: bool = False
    seconds: float = 0.0

    @property
    def needs_reason(self) -> bool:
        """Whether it survived, and nobody said why it may."""
        return self.status is Status.SURVIVED and not self.reason

    def smallest(self) -> FaultPlan | None:
        """The smallest plan that shows it."""
        return None if self.plan is None else plan_from_json(self.plan, f"mutant {self.id}, plan")


class Untried(msgspec.Struct, frozen=True, kw_only=True):
    """A mutant for which there was no time."""

    id: str
    operator: str
    where: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of something ended how."""

    killed: int = 0
    survived: int = 0
    invalid: int = 0
    untried: int = 0


class Mutants(msgspec.Struct, frozen=True, kw_only=True):
    """mutants.json. score: killed of killed and survived; 0.0 where there are none.

    folder: what `where` is relative to. verdict, runs: of the original's own search. complete: whether every
    mutant was tried. environment: what the machine or the user did that cut it short.
    """

    mutants: tuple[Mutant, ...]
    score: float = 0.0
    format_version: int = FORMAT_VERSION
    scenario: str = ""
    reference: str = ""
    world: WorldName = "sim"
    folder: str = ""
    operators: Mapping[str, Counts] = {}
    untried: tuple[Untried, ...] = ()
    complete: bool = True
    environment: str | None = None
    verdict: ScenarioVerdict = ScenarioVerdict.PASS
    runs: int = 0
    seconds: float = 0.0
    tool: Tool = Tool()

    @property
    def unexplained(self) -> tuple[Mutant, ...]:
        """Those that survived without a reason."""
        return tuple(one for one in self.mutants if one.needs_reason)


def score_of(mutants: Iterable[Mutant]) -> float:
    """Killed of those that count."""
    counted = [one.status for one in mutants if one.status is not Status.INVALID]
    return round(counted.count(Status.KILLED) / len(counted), 4) if counted else 0.0


def counts_by_operator(
    operators: Iterable[str], mutants: Iterable[Mutant], untried: Iterable[Untried] = ()
) -> dict[str, Counts]:
    """For each operator that has mutants, in the order given."""
    given, late = tuple(mutants), tuple(untried)
    found: dict[str, Counts] = {}
    for name in operators:
        ended = [one.status for one in given if one.operator == name]
        left = sum(one.operator == name for one in late)
        if ended or left:
            found[name] = Counts(
                killed=ended.count(Status.KILLED),
                survived=ended.count(Status.SURVIVED),
                invalid=ended.count(Status.INVALID),
                untried=left,
            )
    return found


def plan_json(plan: FaultPlan) -> Json:
    """A plan in its file form."""
    form: Json = plan_to_json(plan)
    return form


def write_mutants(mutants: Mutants, path: Path) -> None:
    """Atomically. Raises EnvironmentFault where the folder does not take it."""
    write_whole(path, pretty(mutants))


def read_mutants(path: Path) -> Mutants:
    """Raises ReportError that names file, place, what was found and what was expected."""
    read = converted(json_object(path, FORMAT_VERSION), Mutants, path)
    try:
        for one in read.mutants:
            one.smallest()
    except PlanError as error:
        raise ReportError(f"{path}, {error}") from error
    return read
