"""What the gate makes of violations and of missing evidence: waivers, what is new, what may be inconclusive.

Owns who is excused. Refuses to excuse what is not named: a violation without a waiver of its own
that is still good fails, whatever the report's headline says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.errors import ReportError, misplaced, nearest
from harness.report_model import Invariant, Report, ScenarioReport, ScenarioVerdict, Verdict, worst
from reports.gate_check import Check, Given, Word
from reports.lacking import lacking
from reports.policy import Waiver
from reports.words import JUDGEMENTS, counted

_WAIVABLE = (Verdict.VIOLATED, Verdict.UNKNOWN)


def violations(given: Given) -> Iterator[Check]:
    """A line for each violated invariant, and one for the others of a scenario."""
    for scenario in given.report.scenarios:
        violated = [one for one in scenario.invariants if one.verdict is Verdict.VIOLATED]
        yield from (_violation(one, scenario, given) for one in violated)
        if scenario.verdict is ScenarioVerdict.FAIL and not violated:
            why = "the verdict is fail, though no invariant is named"
            yield Check(word=Word.FAILS, where=scenario.title, what="invariants", why=why)
        yield from _others(scenario, some_violated=bool(violated))


def _violation(invariant: Invariant, scenario: ScenarioReport, given: Given) -> Check:
    found = f"violated in {invariant.violations:,} of {counted(invariant.runs, 'run')}"
    waiver = _waiver(scenario.name, invariant.id, given)
    word, more = Word.FAILS, ""
    if waiver is not None and waiver.until >= given.today:
        word = Word.EXCUSED
        more = f", waived until {waiver.until} by {waiver.owner}: {waiver.reason}"
    elif _known(invariant, scenario, given):
        word, more = Word.KNOWN, ", as in the earlier report"
    elif given.policy.new_only:
        more = ", and it is new" if given.earlier else ", and there is no earlier report that it may be in"
    ended = waiver is not None and waiver.until < given.today
    if waiver is not None and ended:
        more += f", and its waiver ended on {waiver.until} ({waiver.owner}: {waiver.reason})"
    return Check(word=word, where=scenario.title, what=invariant.id, why=found + more, told=not ended)


def _known(invariant: Invariant, scenario: ScenarioReport, given: Given) -> bool:
    if not given.policy.new_only or given.earlier is None:
        return False
    return (scenario.name, scenario.world, invariant.id) in _violated(given.earlier)


def _violated(report: Report) -> list[tuple[str, str, str]]:
    return [
        (scenario.name, scenario.world, one.id)
        for scenario in report.scenarios
        for one in scenario.invariants
        if one.verdict is Verdict.VIOLATED
    ]


def fixed(given: Given) -> Iterator[Check]:
    """What the earlier report has, and this one has not any more: held now, or not judged."""
    if not given.policy.new_only or given.earlier is None:
        return
    now: dict[tuple[str, str, str], Verdict] = {
        (scenario.name, scenario.world, one.id): one.verdict
        for scenario in given.report.scenarios
        for one in scenario.invariants
    }
    for name, world, invariant in _violated(given.earlier):
        verdict = now.get((name, world, invariant))
        if verdict is Verdict.VIOLATED:
            continue
        why = f"violated in the earlier report, and {JUDGEMENTS[verdict] if verdict else 'not judged'} now"
        yield Check(word=Word.PASSES, where=f"{name} ({world})", what=invariant, why=why)


def _others(scenario: ScenarioReport, *, some_violated: bool) -> Iterator[Check]:
    counts = Counter(one.verdict for one in scenario.invariants)
    parts = [
        f"{counts[verdict]} {JUDGEMENTS[verdict]}"
        for verdict in (Verdict.HELD, Verdict.NOT_EXERCISED)
        if counts[verdict]
    ]
    if parts:
        what = "other invariants" if some_violated else "invariants"
        why = f"{', '.join(parts)}, in {counted(scenario.runs, 'run')}"
        yield Check(word=Word.PASSES, where=scenario.title, what=what, why=why)


def evidence(given: Given) -> Iterator[Check]:
    """Whether all was seen that a pass needs."""
    for scenario in given.report.scenarios:
        excused = [
            one.id
            for one in scenario.invariants
            if (waiver := _waiver(scenario.name, one.id, given)) and waiver.until >= given.today
        ]
        missing = lacking(scenario, excused)
        word = Word.EXCUSED if given.policy.allow_inconclusive else Word.INCONCLUSIVE
        for sentence in missing:
            yield Check(word=word, where=scenario.title, what="evidence", why=sentence)
        if not missing:
            why = "all was seen that a pass needs"
            if scenario.verdict is not ScenarioVerdict.PASS:
                why = "nothing else is missing that a pass needs"
            yield Check(word=Word.PASSES, where=scenario.title, what="evidence", why=why)


def headline(given: Given) -> Iterator[Check]:
    """Whether the report is whole, and its own verdict that of its scenarios."""
    report = given.report
    if report.environment:
        why = f"the machine cut it short: {report.environment}"
        yield Check(word=Word.INCONCLUSIVE, where="report", what="whole", why=why)
    if not report.scenarios:
        why = "the report holds no scenario, so nothing was seen"
        yield Check(word=Word.INCONCLUSIVE, where="report", what="scenarios", why=why)
        return
    found = worst(one.verdict for one in report.scenarios)
    if report.verdict is not found:
        word = Word.FAILS if report.verdict is ScenarioVerdict.FAIL else Word.INCONCLUSIVE
        why = f"the report says {report.verdict}, but its scenarios come to {found}"
        yield Check(word=word, where="report", what="verdict", why=why)


def waivers(given: Given) -> Iterator[Check]:
    """Those that nothing needs. Raises ReportError for one that names what the report has not."""
    for waiver in given.policy.waivers:
        known = [one for one in given.report.scenarios if one.name == waiver.scenario]
        named = [one for scenario in known for one in scenario.invariants if one.id == waiver.invariant]
        if not named and _whole(given.report):
            raise _unknown(waiver, given.report)
        if not any(one.verdict in _WAIVABLE for one in named):
            judged = JUDGEMENTS[named[0].verdict] if named else "not judged"
            why = f"{waiver.invariant} is {judged}: the waiver of {waiver.owner} is not needed any more"
            yield Check(word=Word.UNUSED, where=waiver.scenario, what="waiver", why=why)


def _unknown(waiver: Waiver, report: Report) -> ReportError:
    known = [one for one in report.scenarios if one.name == waiver.scenario]
    if not known:
        expected = (
            f"a scenario of the report, {nearest(waiver.scenario, (one.name for one in report.scenarios))}"
        )
        return ReportError(misplaced(f"{waiver.where}, scenario", waiver.scenario, expected))
    ids = dict.fromkeys(one.id for scenario in known for one in scenario.invariants)
    expected = f"an invariant of {waiver.scenario}, {nearest(waiver.invariant, ids)}"
    return ReportError(misplaced(f"{waiver.where}, invariant", waiver.invariant, expected))


def _whole(report: Report) -> bool:
    """One that was cut short need not have every scenario."""
    return bool(report.scenarios) and report.environment is None


def _waiver(scenario: str, invariant: str, given: Given) -> Waiver | None:
    """The one that lasts longest, where several name the same."""
    good = [one for one in given.policy.waivers if (one.scenario, one.invariant) == (scenario, invariant)]
    return max(good, key=lambda one: one.until, default=None)
