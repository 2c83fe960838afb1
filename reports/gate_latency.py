"""Compensation latency at the gate: budgets for percentiles, and regression against a baseline.

Owns how many measurements a percentile needs, and when a slowdown is more than noise. Refuses to
tell a percentile that the sample does not carry: of 40 measurements the 99th is a guess.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.report_model import CompensationLatency, ScenarioReport
from reports.gate_check import Check, Given, Word
from reports.words import seconds

NEEDED = {"p50": 1, "p95": 20, "p99": 100}
"""How many measurements a percentile needs: at least one is to lie beyond it."""


def budgets(given: Given) -> Iterator[Check]:
    """A line for each scenario and budget."""
    for name, most in (("p95", given.policy.max_p95_s), ("p99", given.policy.max_p99_s)):
        if most is not None:
            yield from (_budget(one, name, most) for one in given.report.scenarios)


def _budget(scenario: ScenarioReport, name: str, most_s: float) -> Check:
    found = scenario.compensation_latency_s or CompensationLatency()
    word, why = _kept(found, name, most_s)
    return Check(word=word, where=scenario.title, what=f"latency {name}", why=why)


def _kept(found: CompensationLatency, name: str, most_s: float) -> tuple[Word, str]:
    values = {"p50": found.p50, "p95": found.p95, "p99": found.p99}
    if not found.n or values[name] is None:
        return Word.INCONCLUSIVE, f"no compensation was measured; the policy allows {seconds(most_s)}"
    shares = [*values]
    for share in shares[: shares.index(name) + 1]:
        value = values[share]
        if value is not None and found.n >= NEEDED[share] and value > most_s:
            return Word.FAILS, f"{share} is {_above(value, most_s)}"
    if found.n < NEEDED[name]:
        why = f"{found.n} compensations were measured, and {name} needs {NEEDED[name]}"
        return Word.INCONCLUSIVE, why
    value = values[name]
    why = f"{seconds(value)} of {found.n:,} compensations; the policy allows {seconds(most_s)}"
    return Word.PASSES, why


def _above(value_s: float, most_s: float) -> str:
    """Both as rounded as elsewhere, unless they look the same then."""
    found, most = seconds(value_s), seconds(most_s)
    if found == most:
        found, most = f"{value_s!r} s", f"{most_s!r} s"
    return f"{found}, the policy allows {most}"
