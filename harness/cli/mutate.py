"""`saga-chaos mutate`: plants known mistakes into a saga, one at a time, and searches each mutant.

Exit codes: 0 every mutant was killed, is invalid, or survived for a reason that was given; 1 one
survived; 2 a usage error, or a saga that fails without a mutation; 3 none survived, but some could
not be decided, for time ran out or the saga itself is inconclusive; 4 the machine or the user cut it short.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import cast

from harness.choices import ProxyKind, WorldName
from harness.errors import UsageError, misplaced
from harness.json_files import write_whole
from harness.loading import load
from harness.mutation.model import FILE, Mutants, write_mutants
from harness.mutation.operators import OPERATORS
from harness.mutation.reasons import read_reasons, unneeded
from harness.mutation.session import (
    Event,
    MutantEnded,
    MutateOptions,
    OriginalBegan,
    OriginalEnded,
    mutate,
    planted_in,
)
from harness.packages import our_packages
from harness.report_model import ScenarioVerdict

with our_packages():
    from reports.mutants import MutantsConsole, listed_mutants, listed_operators

OUT = Path("reports/out/mutants")
SURVIVORS, NOT_ALL_TOLD, CUT_SHORT = 1, 3, 4


def run(arguments: argparse.Namespace) -> int:
    """Plant, search, show, write."""
    if arguments.list:
        return _list(arguments)
    if arguments.scenario is None:
        raise UsageError(misplaced("saga-chaos mutate", "no SCENARIO", "one, or --list"))
    reasons = read_reasons(Path(arguments.reasons)) if arguments.reasons else {}
    out = Path(arguments.out) if arguments.out else OUT
    _check_writable(out)
    options = MutateOptions(
        load=load,
        world=cast("WorldName | None", arguments.world),
        seconds=arguments.seconds,
        each_s=arguments.each,
        depth=arguments.depth,
        workers=arguments.workers,
        proxy=cast("ProxyKind", arguments.proxy),
        only=tuple(arguments.only or ()),
        reasons=reasons,
    )
    console = MutantsConsole()
    scenario = load(arguments.scenario)
    mutants = mutate(scenario, options, _Shown(console))
    write_mutants(mutants, out / FILE)
    needless = () if arguments.only or not mutants.complete else unneeded(reasons, mutants.mutants)
    console.finished(mutants, out / FILE, needless)
    return exit_code(mutants)


def exit_code(mutants: Mutants) -> int:
    """As the docstring of this module says."""
    if mutants.environment is not None:
        return CUT_SHORT
    if mutants.unexplained:
        return SURVIVORS
    return 0 if mutants.complete and mutants.verdict is ScenarioVerdict.PASS else NOT_ALL_TOLD


class _Shown:
    """Hands a session's events to the console."""

    def __init__(self, console: MutantsConsole) -> None:
        self._console = console

    def __call__(self, event: Event) -> None:
        match event:
            case OriginalBegan():
                self._console.began(event.scenario)
            case OriginalEnded():
                result = event.result
                assert result.verdict is not None
                self._console.original_ended(result.verdict, result.runs, event.planned, event.invalid)
            case MutantEnded():
                self._console.ended(event.mutant, event.done, event.planned)


def _list(arguments: argparse.Namespace) -> int:
    if arguments.scenario is None:
        lines = listed_operators((one.name, one.says) for one in OPERATORS.values())
    else:
        _, planted = planted_in(load(arguments.scenario), arguments.only or ())
        lines = listed_mutants((one.id, one.where, one.diff) for one in planted)
    for line in lines:
        print(line)  # noqa: T201 - this is the command line
    return 0


def _check_writable(out: Path) -> None:
    """Before anything runs, rather than after minutes."""
    probe = out / f".writable.{os.getpid()}"
    write_whole(probe, b"")
    probe.unlink()
