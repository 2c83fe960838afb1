"""The gate: from a report and a policy to an exit code, with every reason said.

Owns what a team may excuse (waivers that end, inconclusive runs) and what it may ask for on top
(a latency budget, situations). Refuses to excuse what is not named: a violation without a waiver
of its own that is still good fails, whatever the report's headline says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harness.errors import misplaced, nearest
from harness.report_model import Judgement, Report, ScenarioReport, Verdict, exit_code, read_report, worst
from reports.bundle import report_path
from reports.lacking import lacking
from reports.policy import DEFAULT_POLICY, Policy, Waiver, read_policy
from reports.words import seconds

_WORDS = {Verdict.FAIL: "fails", Verdict.INCONCLUSIVE: "inconclusive", Verdict.PASS: "excused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One sentence, and what it makes of the gate. PASS: said, but excused, or of no use."""

    verdict: Verdict
    sentence: str
    unused: bool = False

    @property
    def word(self) -> str:
        """What is said before it."""
        return "unused" if self.unused else _WORDS[self.verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What was decided, and why."""

    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def exit_code(self) -> int:
        """0, 1 or 3."""
        return exit_code(self.verdict)

    @property
    def lines(self) -> list[str]:
        """The verdict first, then the reasons, the worst ones first."""
        order = [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]
        told = sorted(self.reasons, key=lambda one: order.index(one.verdict))
        first = f"gate: {self.verdict.upper()}"
        return [first, *(f"  {one.word:<12}  {one.sentence}" for one in told)]


def gate_folder(folder: Path, policy: Path | None, today: date) -> Gate:
    """`saga-chaos gate DIR [--policy FILE]`. Raises ReportError where either cannot be read."""
    given = DEFAULT_POLICY if policy is None else read_policy(policy)
    return gate(read_report(report_path(folder)), given, today)


def gate(report: Report, policy: Policy, today: date) -> Gate:
    """Judge a report by a policy; `today` decides which waivers are still good."""
    reasons = tuple(_reasons(report, policy, today))
    return Gate(verdict=worst([Verdict.PASS, *(one.verdict for one in reasons)]), reasons=reasons)


def _reasons(report: Report, policy: Policy, today: date) -> Iterator[Reason]:
    for scenario in report.scenarios:
        yield from _violations(scenario, policy, today)
        yield from _shortfalls(scenario, policy, today)
        yield from _latency(scenario, policy)
    yield from _situations(report, policy)
    yield from _stale_waivers(report, policy)
    if report.environment:
        yield Reason(verdict=Verdict.INCONCLUSIVE, sentence=f"the machine cut it short: {report.environment}")
    if not report.scenarios:
        yield Reason(
            verdict=Verdict.INCONCLUSIVE, sentence="the report holds no scenario, so nothing was seen"
        )
    elif report.verdict is not worst(one.verdict for one in report.scenarios):
        found = worst(one.verdict for one in report.scenarios)
        sentence = f"the report says {report.verdict}, but its scenarios come to {found}"
        yield Reason(verdict=worst([report.verdict, Verdict.INCONCLUSIVE]), sentence=sentence)


def _violations(scenario: ScenarioReport, policy: Policy, today: date) -> Iterator[Reason]:
    violated = [one for one in scenario.invariants if one.verdict is Judgement.VIOLATED]
    for invariant in violated:
        where = f"{scenario.title}: {invariant.id} is violated"
        waiver = _waiver(scenario.name, invariant.id, policy)
        if waiver is None:
            yield Reason(verdict=Verdict.FAIL, sentence=where)
        elif waiver.until < today:
            yield Reason(verdict=Verdict.FAIL, sentence=f"{where}, and its waiver ended on {waiver.until}")
        else:
            yield Reason(
                verdict=Verdict.PASS, sentence=f"{where}, waived until {waiver.until}: {waiver.reason}"
            )
    if scenario.verdict is Verdict.FAIL and not violated:
        yield Reason(
            verdict=Verdict.FAIL,
            sentence=f"{scenario.title}: the verdict is fail, though no invariant is named",
        )


def _shortfalls(scenario: ScenarioReport, policy: Policy, today: date) -> Iterator[Reason]:
    verdict = Verdict.PASS if policy.allow_inconclusive else Verdict.INCONCLUSIVE
    waived = [
        one.id
        for one in scenario.invariants
        if (waiver := _waiver(scenario.name, one.id, policy)) and waiver.until >= today
    ]
    for sentence in lacking(scenario, waived):
        yield Reason(verdict=verdict, sentence=f"{scenario.title}: {sentence}")


def _latency(scenario: ScenarioReport, policy: Policy) -> Iterator[Reason]:
    if policy.max_p99_s is None:
        return
    latency = scenario.compensation_latency_s
    if latency is None or latency.p99 is None or not latency.n:
        sentence = f"{scenario.title}: no compensation was measured, so max_p99_s is not shown to hold"
        yield Reason(verdict=Verdict.INCONCLUSIVE, sentence=sentence)
    elif latency.p99 > policy.max_p99_s:
        found, most = seconds(latency.p99), seconds(policy.max_p99_s)
        sentence = f"{scenario.title}: compensation takes {found} at p99, the policy allows {most}"
        yield Reason(verdict=Verdict.FAIL, sentence=sentence)


def _situations(report: Report, policy: Policy) -> Iterator[Reason]:
    listed = [one for scenario in report.scenarios for one in scenario.situations]
    for wanted in policy.require_situations:
        if any(one.id == wanted and one.seen for one in listed):
            continue
        reach = next((one.reach for one in listed if one.id == wanted and one.reach), "")
        known = {one.id for one in listed}
        why = f"To reach it: {reach}." if reach else ""
        if wanted not in known:
            why = f"The report knows {nearest(wanted, known)}."
        sentence = f"the situation {wanted} was not seen. {why}".rstrip()
        yield Reason(verdict=Verdict.INCONCLUSIVE, sentence=sentence)


def _stale_waivers(report: Report, policy: Policy) -> Iterator[Reason]:
    for waiver in policy.waivers:
        known = [one for one in report.scenarios if one.name == waiver.scenario]
        names = [one.id for scenario in known for one in scenario.invariants]
        if not known:
            expected = nearest(waiver.scenario, (one.name for one in report.scenarios))
            sentence = misplaced("a waiver that waives nothing, scenario", waiver.scenario, expected)
        elif waiver.invariant not in names:
            expected = nearest(waiver.invariant, names)
            sentence = misplaced("a waiver that waives nothing, invariant", waiver.invariant, expected)
        else:
            continue
        yield Reason(verdict=Verdict.PASS, sentence=sentence, unused=True)


def _waiver(scenario: str, invariant: str, policy: Policy) -> Waiver | None:
    """The one that lasts longest, where several name the same."""
    good = [one for one in policy.waivers if (one.scenario, one.invariant) == (scenario, invariant)]
    return max(good, key=lambda one: one.until, default=None)
