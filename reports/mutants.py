"""What `saga-chaos mutate` shows: a line for each mutant as it ends, then the score and the survivors.

Owns the words and the layout. What survived stands last, with its diff: it is what there is to do.
Refuses to keep anything: what was shown is in `mutants.json` too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from harness.mutation.model import Counts, How, Mutant, Mutants, Status
from harness.report_model import ScenarioVerdict
from reports.words import counted, plan_lines, plan_size, seconds

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status as Spinner

_STYLES = {Status.KILLED: "green", Status.SURVIVED: "bold red", Status.INVALID: "dim"}
_WIDTH = max(len(status) for status in Status)
_HOW = {
    How.VERDICT: "the search is no pass any more",
    How.LOAD: "it cannot be imported",
    How.HANG: "it hangs, or ends its process",
}


class MutantsConsole:
    """One a session."""

    def __init__(self, stream: IO[str] | None = None, *, interactive: bool | None = None) -> None:
        from rich.console import Console  # noqa: PLC0415 - 40 ms that --help must not pay

        self._out: Console = Console(
            file=stream, force_terminal=interactive, highlight=False, markup=False, emoji=False
        )
        self._spinner: Spinner | None = None
        self._scenario = ""

    def began(self, scenario: str) -> None:
        """The saga itself is searched first."""
        self._scenario = scenario
        self._say(f"{scenario}: searching the saga itself")
        if self._out.is_terminal:
            self._spinner = self._out.status(f"{scenario}: the saga itself")
            self._spinner.start()

    def original_ended(self, verdict: ScenarioVerdict, runs: int, planned: int, invalid: int) -> None:
        """It holds, and so many mutants are to be searched."""
        word = "it holds" if verdict is ScenarioVerdict.PASS else "nothing is violated, but it is no pass"
        aside = f", {invalid:,} more cannot be told from it" if invalid else ""
        self._say(f"{self._scenario}: {word}, in {counted(runs, 'run')}; {counted(planned, 'mutant')}{aside}")

    def ended(self, mutant: Mutant, done: int, planned: int) -> None:
        """One more."""
        self._say(f"{mutant.status:<{_WIDTH}}  {_about(mutant)}", _STYLES[mutant.status])
        if self._spinner is not None:
            self._spinner.update(f"{self._scenario}: {done} of {counted(planned, 'mutant')}")

    def finished(self, mutants: Mutants, file: Path, needless: Iterable[str] = ()) -> None:
        """The score, the table, and what survived."""
        if self._spinner is not None:
            self._spinner.stop()
        self._say("")
        for line in mutants_lines(mutants, needless):
            self._say(line)
        self._say(f"  Written: {file.as_posix()}")
        for one in mutants.mutants:
            if one.needs_reason:
                self._say("")
                for line in survivor_lines(one):
                    self._say(line)

    def _say(self, line: str, style: str = "") -> None:
        self._out.print(line, style=style, soft_wrap=True)


def mutants_lines(mutants: Mutants, needless: Iterable[str] = ()) -> Iterator[str]:
    """The score in a sentence, what it leaves out, and a table by operator."""
    killed = sum(one.status is Status.KILLED for one in mutants.mutants)
    survived = sum(one.status is Status.SURVIVED for one in mutants.mutants)
    invalid = len(mutants.mutants) - killed - survived
    yield (
        f"{mutants.scenario} ({mutants.world}): {killed} of {counted(killed + survived, 'mutant')} killed, "
        f"score {mutants.score:.0%} ({seconds(mutants.seconds)})"
    )
    if mutants.environment is not None:
        yield f"  It was cut short: {mutants.environment}"
    if mutants.untried:
        yield f"  {counted(len(mutants.untried), 'mutant')} not tried: time was up"
    if mutants.verdict is not ScenarioVerdict.PASS:
        yield "  The search of the saga itself is no pass, so a mutant is killed by a violation alone"
    if invalid:
        yield f"  {invalid} do not count, for nothing tells them from the saga"
    explained = [one for one in mutants.mutants if one.status is Status.SURVIVED and one.reason]
    for one in explained:
        yield f"  {one.id} may survive: {one.reason}"
    for id_ in needless:
        yield f"  The reason for {id_} is not needed: no such mutant survives"
    yield from _table(mutants)


def _table(mutants: Mutants) -> Iterator[str]:
    width = max((len(name) for name in mutants.operators), default=0)
    if width:
        yield ""
        yield f"  {'':<{width}}  killed  survived  invalid  not tried"
    for name, counts in mutants.operators.items():
        yield f"  {name:<{width}}  {_cells(counts)}"


def _cells(counts: Counts) -> str:
    shown = (counts.killed, counts.survived, counts.invalid, counts.untried)
    widths = (6, 8, 7, 9)
    return "  ".join(f"{number or '-':>{width}}" for number, width in zip(shown, widths, strict=True))


def survivor_lines(mutant: Mutant) -> Iterator[str]:
    """A mutant that no run told from a sound saga, with its diff."""
    yield f"SURVIVED  {mutant.id}  {mutant.where}{_in(mutant)}"
    searched = "a search that left nothing out" if mutant.complete else "a search that time cut short"
    yield f"  Nothing was violated in {counted(mutant.runs, 'run')}, {searched}"
    for line in mutant.diff.splitlines():
        yield f"  {line}"


def _in(mutant: Mutant) -> str:
    return f"  in {mutant.function}" if mutant.function else ""


def _about(mutant: Mutant) -> str:
    place = f"{mutant.id}  {mutant.where}"
    if mutant.status is Status.KILLED:
        return f"{place}  {_killed_by(mutant)}"
    return f"{place}  {mutant.reason}" if mutant.reason else place


def _killed_by(mutant: Mutant) -> str:
    plan = mutant.smallest()
    if mutant.how is not None and mutant.how is not How.INVARIANT:
        return f"{_HOW[mutant.how]}: {mutant.message.splitlines()[0] if mutant.message else ''}".rstrip(": ")
    if plan is None or plan.empty:
        return f"{mutant.invariant}, without a fault"
    return f"{mutant.invariant}, {plan_size(plan)}: {'; '.join(plan_lines(plan))}"


def listed_operators(operators: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each by its name, and what it does to a saga."""
    given = tuple(operators)
    width = max(len(name) for name, _ in given)
    yield from (f"{name:<{width}}  {says}" for name, says in given)


def listed_mutants(mutants: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Each by its id, with its place and what it changes."""
    for id_, where, diff in mutants:
        yield f"{id_}  {where}"
        yield from (f"    {line}" for line in diff.splitlines()[2:] if line[:1] in ("+", "-"))
