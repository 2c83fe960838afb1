"""`saga-chaos replay`: runs a counterexample again and says what became of it.

STILL FAILS (exit 1): the invariant of the file is violated again. FIXED (exit 0): the plan fired and
nothing is violated. DIFFERS (exit 1): something else is violated, the check itself crashed, or a
fault of the plan no longer fires, so that nothing was shown.

In sim one run tells, for it is the same each time. On the wire a machine under load may be late
once: a run that violates nothing is tried again, up to three times, and FIXED needs all three
clean and all faults fired in one of them. A single violation is enough for STILL FAILS.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.campaign.claims import LoadedWithClaims
from harness.counterexample_text import narrate
from harness.errors import PlanError, ReportError, ScenarioError, misplaced, nearest
from harness.faults import kinds_of
from harness.history.codec import decode_history
from harness.invariants import Verdict, invariants_of
from harness.loading import load
from harness.packages import our_packages
from harness.plan import check_plan
from harness.report_model import FailureFile, read_failure
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search.digest import Digest
from harness.trial import trial

with our_packages():
    from reports.escape import printable
    from reports.words import counted, input_text, plan_lines, plan_size, unclaimed_words

WIRE_RUNS = 3


@dataclass(frozen=True, slots=True)
class Replayed:
    """The word, the sentence after it, and the exit code."""

    word: str
    sentence: str
    exit_code: int


def run(arguments: argparse.Namespace) -> int:
    """Load, run, tell."""
    path = Path(arguments.failure)
    failure = read_failure(path)
    added = _added_claims(failure, path)
    scenario = LoadedWithClaims(partial(_scenario, path), added)(failure.scenario.reference)
    world = scenario.world(arguments.world or failure.world)
    _check(failure, scenario, path, world)
    _say(f"Replaying {failure.invariant} of {scenario.name} in the {world} world")
    digests: list[Digest] = []
    with trial(scenario, failure.input, world, arguments.proxy, _note, added) as run_plans:
        for _ in range(1 if world == "sim" else WIRE_RUNS):
            digests += run_plans([failure.plan])
            if digests[-1].violated:
                break
    _tell(failure, digests[-1])
    result = judged(failure.invariant, digests)
    _say(f"{result.word}  {result.sentence}")
    return result.exit_code


def judged(invariant: str, digests: Sequence[Digest]) -> Replayed:
    """What the runs come to."""
    last = digests[-1]
    if invariant in last.violated:
        return Replayed("STILL FAILS", f"{invariant}: {last.found[invariant].message}", 1)
    if last.violated:
        others = ", ".join(f"{id_} ({last.found[id_].message})" for id_ in last.violated)
        return Replayed("DIFFERS", f"{invariant} is not violated, but {others}", 1)
    crashed = [id_ for id_, one in last.found.items() if one.verdict is Verdict.UNKNOWN]
    if crashed:
        return Replayed("DIFFERS", f"the check of {', '.join(crashed)} crashed, so nothing is known", 1)
    fired = max(digests, key=lambda digest: sum(strikes > 0 for strikes in digest.strikes))
    dead = [index for index, strikes in enumerate(fired.strikes) if not strikes]
    if dead:
        lines = plan_lines(fired.plan)
        missed = "; ".join(lines[index] for index in dead)
        return Replayed("DIFFERS", f"nothing is violated, but the plan no longer fires: {missed}", 1)
    ended = ", ".join(str(status) for status in last.statuses)
    times = f" in {counted(len(digests), 'run')}" if len(digests) > 1 else ""
    return Replayed("FIXED", f"every fault fired, the saga ended {ended}, nothing is violated{times}", 0)


def _added_claims(failure: FailureFile, path: Path) -> tuple[Claim, ...]:
    """What the search let the saga claim (`--unclaimed`): its run is judged in the same way again."""
    for name in failure.added_claims:
        if name not in list(Claim):
            raise ReportError(misplaced(f"{path}, added_claims", name, nearest(name, Claim)))
    return tuple(Claim(name) for name in failure.added_claims)


def _scenario(path: Path, reference: str) -> Scenario:
    try:
        return load(reference)
    except ScenarioError as error:
        raise ScenarioError(f"{path}, scenario.reference: {error}") from None


def _check(failure: FailureFile, scenario: Scenario, path: Path, world: str) -> None:
    known = invariants_of(scenario)
    if failure.invariant not in known:
        expected = nearest(failure.invariant, known)
        raise ReportError(misplaced(f"{path}, invariant", failure.invariant, expected))
    try:
        check_plan(failure.plan, operations=scenario.operations, kinds=kinds_of(scenario), world=world)
    except PlanError as error:
        raise PlanError(f"{path}, {error}") from None


def _tell(failure: FailureFile, digest: Digest) -> None:
    _say(f"  {failure.claim or failure.invariant}")
    _say(f"  The plan: {plan_size(failure.plan)}")
    for line in plan_lines(failure.plan):
        _say(f"    {line}")
    if failure.unclaimed:
        _say(f"  {unclaimed_words(failure)}")
    given = input_text(failure.input)
    if given:
        _say(f"  The input: {given}")
    if digest.history is not None:
        shown = failure.invariant if failure.invariant in digest.violated else next(iter(digest.violated), "")
        evidence = digest.found[shown].evidence if shown else ()
        _say("")
        for line in narrate(decode_history(digest.history, "history"), evidence):
            _say(f"  {line}")
    _say("")


def _say(line: str) -> None:
    print(printable(line))  # noqa: T201 - this is the command line


def _note(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - see above
