"""Many scenarios' mutants as one: a mistake in a shared file counts as killed where any scenario kills it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from harness.mutation.model import Mutant, Mutants, Status, Untried, counts_by_operator, score_of
from harness.mutation.operators import OPERATORS

REPO = Path(__file__).parents[2]
_RANK = (Status.KILLED, Status.SURVIVED, Status.INVALID)
"""What tells most about a mutant, first."""


class Together:
    """Adds up sessions. A mutant's id is led by its file, for two styles may have the same line."""

    def __init__(self) -> None:
        self._mutants: dict[str, Mutant] = {}
        self._untried: dict[str, Untried] = {}
        self._environment: str | None = None
        self._runs = 0
        self._seconds = 0.0

    def killed(self, file: Path) -> frozenset[str]:
        """Ids, as a session has them, of the mutants in a file that need not be tried again."""
        lead = f"{_place(file)}:"
        return frozenset(
            key.removeprefix(lead)
            for key, one in self._mutants.items()
            if key.startswith(lead) and one.status is Status.KILLED
        )

    def add(self, found: Mutants) -> None:
        """One scenario's."""
        folder = Path(found.folder)
        for one in found.mutants:
            named = _named(one, folder)
            before = self._mutants.get(named.id)
            if before is None or _RANK.index(named.status) < _RANK.index(before.status):
                self._mutants[named.id] = named
        for late in found.untried:
            place, line = _file(late.where, folder)
            key = f"{place}:{late.id}"
            where = f"{place}:{line}"
            self._untried[key] = Untried(id=key, operator=late.operator, where=where)
        self._environment = self._environment or found.environment
        self._runs += found.runs + sum(one.runs for one in found.mutants)
        self._seconds += found.seconds

    def go_on_from(self, found: Mutants) -> None:
        """What an earlier session came to; its ids are led by files already."""
        self._mutants.update((one.id, one) for one in found.mutants)
        self._untried.update((one.id, one) for one in found.untried)
        self._runs += found.runs
        self._seconds += found.seconds

    def result(self, reasons: dict[str, str]) -> Mutants:
        """All of it, with the reasons for those that survived."""
        mutants = tuple(_explained(one, reasons) for one in self._mutants.values())
        untried = tuple(one for key, one in self._untried.items() if key not in self._mutants)
        return Mutants(
            mutants=mutants,
            score=score_of(mutants),
            scenario="sound styles and the reference orchestrator",
            folder=str(REPO),
            operators=counts_by_operator(OPERATORS, mutants, untried),
            untried=untried,
            complete=not untried,
            environment=self._environment,
            runs=self._runs,
            seconds=round(self._seconds, 1),
        )


def never_killed(found: Mutants) -> Iterator[str]:
    """Operators that have mutants that count, none of which was killed."""
    for name, counts in found.operators.items():
        if counts.survived and not counts.killed:
            yield name


def _named(one: Mutant, folder: Path) -> Mutant:
    place, line = _file(one.where, folder)
    return msgspec.structs.replace(one, id=f"{place}:{one.id}", where=f"{place}:{line}")


def _explained(one: Mutant, reasons: dict[str, str]) -> Mutant:
    if one.status is not Status.SURVIVED or one.id not in reasons:
        return one
    return msgspec.structs.replace(one, reason=reasons[one.id])


def _file(where: str, folder: Path) -> tuple[str, str]:
    name, _, line = where.rpartition(":")
    return _place(folder / name), line


def _place(file: Path) -> str:
    return Path(os.path.relpath(file.resolve(), REPO)).as_posix()


def ids_left(planted: Iterable[tuple[Path, str]], together: Together) -> tuple[str, ...]:
    """Of a scenario's mutants, those that no scenario before it has killed."""
    return tuple(id_ for file, id_ in planted if id_ not in together.killed(file))
