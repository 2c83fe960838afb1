"""The error tree: every error that saga-chaos raises on purpose, and nothing else.

    SagaChaosError
    ├── UsageError                  exit 2: what was asked for cannot be done as asked
    │   ├── ScenarioError           a scenario, a saga.toml or a saga that does not load
    │   ├── PlanError               a plan that names something unknown
    │   └── ReportError             a report, failure or policy file that cannot be read
    └── EnvironmentFault            exit 4: the machine would not let the harness work

Findings are a different family: a violated invariant is a verdict, not an error of ours.
Only at the Hypothesis seam is one raised, as an `InvariantViolated`, which is an
`AssertionError` and lives in `harness.invariants`.

A message says where, what was found and what was expected. `misplaced` composes it, so
that no message forgets one of the three.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class SagaChaosError(Exception):
    """The root. `exit_code` is what the command line ends with."""

    exit_code = 4


class UsageError(SagaChaosError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class ScenarioError(UsageError):
    """A scenario, or the saga it names, does not load."""


class PlanError(UsageError):
    """A plan names a step, an operation or a kind that is not there."""


class ReportError(UsageError):
    """A file that is read back (report, failure, policy) is not what it should be."""


class EnvironmentFault(SagaChaosError):  # noqa: N818 - a fault of the machine, not an error of anybody's
    """The machine would not let the harness work: a port taken, a proxy that died, a full disk."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does."""


def interruption(error: KeyboardInterrupt) -> str:
    """Who ended a command before its time, in words."""
    return "ended by SIGTERM" if isinstance(error, Terminated) else "interrupted by the user"


def misplaced(where: str, found: object, expected: str) -> str:
    """One sentence with the three parts that every message of ours has."""
    return f"{where}: found {found!r}, expected {expected}"


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """`one of a, b, c`, led by the likeliest meant. cutoff: how alike it has to be, from 0 to 1."""
    names = sorted(str(name) for name in known)  # an enum of words shows its words
    close = get_close_matches(name, names, n=1, cutoff=cutoff)
    listed = ", ".join(names) or "none"
    return f"{close[0]!r} (did you mean it?), or one of {listed}" if close else f"one of {listed}"


def similar_path(path: str | os.PathLike[str]) -> str | None:
    """What is there and spelled nearly like a path that is not, as one would write it; None: nothing."""
    wanted = Path(path)
    found = Path(wanted.anchor)
    for part in wanted.parts[1:] if wanted.anchor else wanted.parts:
        try:
            there = part in (".", "..") or (found / part).exists()
            names = [] if there else sorted(one.name for one in found.iterdir())
        except (OSError, ValueError):  # no folder, or one that may not be read; a name that no file can have
            return None
        close = get_close_matches(part, names, n=1, cutoff=0.6)
        if not there and not close:
            return None
        found /= part if there else close[0]
    return None if found == wanted else str(found)


def meant_path(path: str | os.PathLike[str]) -> str:
    """The end of a message about a path that is not there: `; did you mean saga.toml?`, or nothing."""
    found = similar_path(path)
    return f"; did you mean {found}?" if found else ""
