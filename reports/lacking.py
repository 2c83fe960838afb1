"""What a scenario still lacks for a pass, in sentences.

Owns the reading of RULES §9 from a report that is already judged. Refuses to judge anew: a
scenario that the campaign calls a pass lacks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harness.report_model import GuaranteeResult, ScenarioReport, ScenarioVerdict, Verdict, check_crashed
from reports.words import counted, fault_line


def lacking(scenario: ScenarioReport, waived: Collection[str] = ()) -> list[str]:
    """Empty where nothing is missing. Violations are no lack; an unknown invariant is.

    What a report of an earlier version does not say is read from its tables.
    """
    if scenario.verdict is ScenarioVerdict.PASS:
        return []
    if scenario.lacking:
        excused = {check_crashed(invariant) for invariant in waived}
        return [sentence for sentence in scenario.lacking if sentence not in excused]
    found = [
        *_shallow(scenario),
        *_unknown(scenario, waived),
        *_unseen(scenario),
        *_unfired(scenario),
        *_unconfirmed(scenario),
        *_unverified(scenario),
    ]
    if not found and scenario.verdict is ScenarioVerdict.INCONCLUSIVE:
        found = list(scenario.notes) or ["The report does not say what is missing."]
    return found


def _shallow(scenario: ScenarioReport) -> Iterator[str]:
    if scenario.search.kind == "guided" and scenario.search.depth == 0 and scenario.runs:
        yield "No fault was searched for (--depth 0), which can never be a pass."


def _unknown(scenario: ScenarioReport, waived: Collection[str]) -> Iterator[str]:
    for one in scenario.invariants:
        if one.verdict is Verdict.UNKNOWN and one.id not in waived:
            why = "it crashed" if one.crash else "it could not be judged"
            yield f"{one.id} is unknown: {why}."


def _unseen(scenario: ScenarioReport) -> Iterator[str]:
    for one in scenario.situations:
        if one.required and not one.seen:
            reach = f" To reach it: {one.reach.rstrip('.')}." if one.reach else ""
            yield f"The situation {one.id} was never seen.{reach}"


def _unfired(scenario: ScenarioReport) -> Iterator[str]:
    if scenario.unfired:
        number = len(scenario.unfired)
        first = fault_line(scenario.unfired[0])
        more = f", and {number - 1} more" if number > 1 else ""
        yield f"{counted(number, 'single fault')} never fired: {first}{more}."


def _unconfirmed(scenario: ScenarioReport) -> Iterator[str]:
    for one in scenario.unconfirmed:
        if one.void:
            by = f" (toxic {one.toxic})" if one.toxic else ""
            often = f", in {counted(one.times, 'run')}" if one.times > 1 else ""
            yield f"{one.fault} at {one.operation}{by} was not confirmed{often}: {one.reason}."


def _unverified(scenario: ScenarioReport) -> Iterator[str]:
    if scenario.verdict is ScenarioVerdict.FAIL:
        return  # beside a violation a claim is not verified, even where its faults were tried
    for one in scenario.guarantees:
        if one.claimed and one.result is GuaranteeResult.NOT_EXERCISED and not one.reason:
            yield f"The claim {one.id} was not exercised."
