"""What a policy asks for on top of a pass: names that must be in the report, and a mutation score.

Owns when scenarios, invariants, situations and fault kinds count as seen. What is not there is
inconclusive, for nothing was shown; a score that is too low fails.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from harness.errors import nearest
from harness.mutation.model import FILE, Mutants, Status, read_mutants, score_of
from harness.report_model import Report, Verdict
from reports.gate_check import Check, Given, Word
from reports.words import counted


def required(given: Given) -> Iterator[Check]:
    """A line for each name that the policy lists."""
    report, policy = given.report, given.policy
    yield from (_scenario(one, report) for one in policy.require_scenarios)
    yield from (_invariant(one, report) for one in policy.require_invariants)
    yield from (_situation(one, report) for one in policy.require_situations)
    yield from (_fault(one, report) for one in policy.require_faults)


def _scenario(name: str, report: Report) -> Check:
    found = [one for one in report.scenarios if one.name == name]
    names = [one.name for one in report.scenarios]
    if not found:
        return _missing("scenario", name, f"not in the report, which has {nearest(name, names)}")
    runs = sum(one.runs for one in found)
    worlds = " and ".join(one.world for one in found)
    if not runs:
        return _missing("scenario", name, f"no run of it in {worlds}")
    return _there("scenario", name, f"{counted(runs, 'run')} in {worlds}")


def _invariant(name: str, report: Report) -> Check:
    """It must have been judged in each scenario: one that nothing exercised has shown nothing there."""
    if not report.scenarios:
        return _missing("invariant", name, "the report holds no scenario")
    listed = {one.title: {each.id: each for each in one.invariants} for one in report.scenarios}
    ids = dict.fromkeys(id_ for each in listed.values() for id_ in each)
    if name not in ids:
        return _missing("invariant", name, f"not in the report, which has {nearest(name, ids)}")
    without = [
        title
        for title, each in listed.items()
        if name not in each or each[name].verdict is Verdict.NOT_EXERCISED
    ]
    if without:
        return _missing("invariant", name, f"no run exercised it in {' and '.join(without)}")
    return _there("invariant", name, f"judged in {' and '.join(listed)}")


def _situation(name: str, report: Report) -> Check:
    listed = [each for one in report.scenarios for each in one.situations]
    seen = sum(one.seen for one in listed if one.id == name)
    if seen:
        return _there("situation", name, f"seen in {counted(seen, 'run')}")
    reach = next((one.reach for one in listed if one.id == name and one.reach), "")
    ids = dict.fromkeys(one.id for one in listed)
    if name not in ids:
        return _missing("situation", name, f"not in the report, which has {nearest(name, ids)}")
    return _missing("situation", name, f"not seen. To reach it: {reach.rstrip('.')}" if reach else "not seen")


def _fault(kind: str, report: Report) -> Check:
    fired = sum(one.faults.by_kind.get(kind, 0) for one in report.scenarios)
    if fired:
        return _there("fault kind", kind, f"fired {counted(fired, 'time')}")
    sites = [each for one in report.scenarios for each in one.faults.by_operation]
    planned = sum(each.planned for each in sites if each.kind == kind)
    if planned:
        return _missing("fault kind", kind, f"planned {counted(planned, 'time')}, and never fired")
    fired_kinds = dict.fromkeys(name for one in report.scenarios for name in one.faults.by_kind)
    return _missing("fault kind", kind, f"it never fired; what fired is {nearest(kind, fired_kinds)}")


def mutation(given: Given) -> Iterator[Check]:
    """Whether the mutants of each file score enough. Raises ReportError where a file cannot be read."""
    least = given.policy.min_mutation_score
    if least is None:
        return
    for path in given.policy.mutants or (given.folder / FILE,):
        yield _score(path, least)


def _score(path: Path, least: float) -> Check:
    what = "mutation score"
    if not path.exists():
        why = f"{path} is not there: saga-chaos mutate SCENARIO --out {path.parent} writes it"
        return Check(word=Word.INCONCLUSIVE, where="mutants", what=what, why=why)
    mutants = read_mutants(path)
    where = f"{mutants.scenario} ({mutants.world})"
    told = [one.status for one in mutants.mutants if one.status is not Status.INVALID]
    score = score_of(mutants.mutants)
    found = f"{told.count(Status.KILLED)} of {counted(len(told), 'mutant')} killed, {_percent(score)}"
    if not told:
        word, why = Word.INCONCLUSIVE, "no mutant counts, so nothing was shown"
    elif score < least:
        word, why = Word.FAILS, f"{found}; the policy asks for {_percent(least)}{_survivors(mutants)}"
    elif not mutants.complete or mutants.environment:
        left = f"{counted(len(mutants.untried), 'mutant')} not tried"
        word, why = Word.INCONCLUSIVE, f"{found}, but it was cut short: {mutants.environment or left}"
    else:
        word, why = Word.PASSES, f"{found}; the policy asks for {_percent(least)}"
    return Check(word=word, where=where, what=what, why=why)


def _percent(share: float) -> str:
    """Rounded down: what is too low must not look like enough."""
    return f"{math.floor(share * 1000) / 10:g} %"


def _survivors(mutants: Mutants) -> str:
    survived = [one for one in mutants.mutants if one.status is Status.SURVIVED]
    first = ", ".join(f"{one.operator} at {one.where}" for one in survived[:3])
    more = f" and {len(survived) - 3} more" if len(survived) > 3 else ""
    return f". Survived: {first}{more}" if survived else ""


def _missing(what: str, name: str, why: str) -> Check:
    return Check(word=Word.INCONCLUSIVE, where="required", what=f"{what} {name}", why=why)


def _there(what: str, name: str, why: str) -> Check:
    return Check(word=Word.PASSES, where="required", what=f"{what} {name}", why=why)
