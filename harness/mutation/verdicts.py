"""What a search means for a mutant: killed, survived, or not to be told from the saga.

The rules, each with its reason:
- A violated invariant kills. So does a source that cannot be imported, and a run that hangs or ends
  the process, which is a violation of *termination*.
- Where the original passes, a mutant whose search is no pass although no single fault was left out of
  it is killed too: its author would see *inconclusive*, with what is missing.
- A mutant whose runs were all like the original's, event for event, as far as both were searched and
  with all single faults among them, does not count: nothing says that it changes what the saga does.
- Everything else survived.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from harness.mutation.model import How, Mutant, Status, plan_json
from harness.mutation.planting import Planted
from harness.mutation.trial import Counterexample, Result
from harness.report_model import ScenarioVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the search of a mutant ended. lost: its process hung, or ended, in the middle."""

    planted: Planted
    result: Result
    seconds: float
    lost: bool = False


def invalid(planted: Planted, reason: str) -> Mutant:
    """One that is not worth a search."""
    return msgspec.structs.replace(_mutant(planted), status=Status.INVALID, reason=reason)


def judged(ended: Ended, original: Result) -> Mutant:
    """What became of a mutant that was searched."""
    result = ended.result
    mutant = msgspec.structs.replace(
        _mutant(ended.planted), runs=result.runs, complete=result.complete, seconds=round(ended.seconds, 2)
    )
    if result.smallest is not None:
        return _violating(mutant, result, result.smallest)
    if result.verdict is None:
        return _not_searched(mutant, result, lost=ended.lost)
    if _is_no_pass_any_more(result, original):
        missing = result.notes[0] if result.notes else "the search is inconclusive"
        return msgspec.structs.replace(mutant, status=Status.KILLED, how=How.VERDICT, message=missing)
    if _is_the_same(result, original):
        both = min(len(result.chain), len(original.chain))
        reason = f"in each of {both:,} runs it did what the saga does, event for event"
        return msgspec.structs.replace(mutant, status=Status.INVALID, reason=reason)
    return mutant


def _mutant(planted: Planted) -> Mutant:
    return Mutant(
        id=planted.id,
        operator=planted.operator,
        where=planted.where,
        status=Status.SURVIVED,
        function=planted.function,
        diff=planted.diff,
    )


def _violating(mutant: Mutant, result: Result, smallest: Counterexample) -> Mutant:
    return msgspec.structs.replace(
        mutant,
        status=Status.KILLED,
        how=How.INVARIANT,
        invariant=smallest.invariant,
        faults=len(smallest.plan.faults),
        invariants=tuple(one.invariant for one in result.found),
        plan=plan_json(smallest.plan),
        input=smallest.input,
        message=smallest.message,
    )


def _not_searched(mutant: Mutant, result: Result, *, lost: bool) -> Mutant:
    return msgspec.structs.replace(
        mutant,
        status=Status.KILLED,
        how=How.HANG if lost else How.LOAD,
        invariant="termination" if lost else None,
        message=result.problem,
    )


def _is_no_pass_any_more(result: Result, original: Result) -> bool:
    return (
        original.verdict is ScenarioVerdict.PASS
        and result.verdict is ScenarioVerdict.INCONCLUSIVE
        and result.singles
    )


def _is_the_same(result: Result, original: Result) -> bool:
    """As far as both were searched. On the wire no two runs are equal."""
    both = min(len(result.chain), len(original.chain))
    whole = result.singles and original.singles
    return whole and both > 0 and result.chain[both - 1] == original.chain[both - 1]
