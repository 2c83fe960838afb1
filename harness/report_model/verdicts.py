"""The verdicts of a run, an invariant, a guarantee and a campaign, and what all their readers share.

Owns which verdict outweighs which, and the exit code of each. Refuses to judge anything
(`harness.campaign` does).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class ScenarioVerdict(StrEnum):
    """Of a scenario, or of a whole campaign."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Verdict(StrEnum):
    """Of one invariant, in a run or over all runs of a scenario.

    not_exercised: nothing happened that could have violated it.
    """

    HELD = "held"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    NOT_EXERCISED = "not_exercised"


class GuaranteeResult(StrEnum):
    """The result for one guarantee."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    NOT_EXERCISED = "not_exercised"


EXIT_CODES: Mapping[ScenarioVerdict, int] = {
    ScenarioVerdict.PASS: 0,
    ScenarioVerdict.FAIL: 1,
    ScenarioVerdict.INCONCLUSIVE: 3,
}


def check_crashed(invariant: str) -> str:
    """The sentence about an invariant whose check crashed."""
    return f"The check of {invariant} crashed, so it is unknown."


def exit_code(verdict: ScenarioVerdict) -> int:
    """0 pass, 1 fail, 3 inconclusive."""
    return EXIT_CODES[verdict]


def worst(verdicts: Iterable[ScenarioVerdict]) -> ScenarioVerdict:
    """A fail outweighs an inconclusive, which outweighs a pass. Of none: inconclusive."""
    given = tuple(verdicts)
    for verdict in (ScenarioVerdict.FAIL, ScenarioVerdict.INCONCLUSIVE):
        if verdict in given:
            return verdict
    return ScenarioVerdict.PASS if given else ScenarioVerdict.INCONCLUSIVE
