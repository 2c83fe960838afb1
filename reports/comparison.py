"""What a report says beside the one before it: new, still failing, fixed, not shown again.

Owns the comparison of two reports by scenario, world and invariant. Refuses to run anything: what was not
searched as far as before, or not to the end, is not called fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.report_model import Report, ScenarioReport, Verdict


class Since(StrEnum):
    """Of one invariant of one scenario, since the report before.

    FIXED: violated before, and held now, in a search that is complete and at least as deep. NOT_SHOWN:
    violated before, and not seen now; what remains of it is unknown.
    """

    NEW = "new"
    STILL_FAILING = "still failing"
    FIXED = "fixed"
    NOT_SHOWN = "not shown again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One invariant that is violated in one of the two reports."""

    scenario: str
    invariant: str
    since: Since


def compared(report: Report, previous: Report | None) -> tuple[Change, ...]:
    """In the order of the report, what is gone last; empty where there is nothing to compare with."""
    if previous is None:
        return ()
    now, before = _violated(report), _violated(previous)
    fixed = {key for key in before if key not in now and _fixed(key, report, previous)}
    changes = [(key, Since.STILL_FAILING if key in before else Since.NEW) for key in now]
    changes += [(key, Since.FIXED if key in fixed else Since.NOT_SHOWN) for key in before if key not in now]
    return tuple(Change(scenario=key[0], invariant=key[1], since=since) for key, since in changes)


def _fixed(key: tuple[str, str], report: Report, previous: Report) -> bool:
    """Held by a search that could have found it again."""
    title, invariant = key
    before = next(one for one in previous.scenarios if one.title == title)
    for one in report.scenarios:
        if one.title == title:
            held = {each.id for each in one.invariants if each.verdict is Verdict.HELD}
            as_wide = one.search.kind in (before.search.kind, "both")
            as_deep = one.search.depth >= before.search.depth
            return invariant in held and one.search.complete and as_wide and as_deep
    return False


def _violated(report: Report) -> dict[tuple[str, str], None]:
    return dict.fromkeys(key for one in report.scenarios for key in _of(one))


def _of(scenario: ScenarioReport) -> list[tuple[str, str]]:
    return [(scenario.title, each.id) for each in scenario.invariants if each.verdict is Verdict.VIOLATED]
