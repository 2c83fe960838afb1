"""Compensation latency at the gate: budgets for percentiles, and regression against a baseline.

Owns how many measurements a percentile needs, and when a slowdown is more than noise. Refuses to
tell a percentile that the sample does not carry: of 40 measurements the 99th is a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.bench.result import read_bench
from harness.latency import NEEDED
from harness.report_model import CompensationLatency, ScenarioReport
from reports.gate_check import Check, Given, Word
from reports.recorded import FILE as RUNS
from reports.recorded import Job, compensations
from reports.slowdown import COMPARED, Slowdown, paired, unpaired
from reports.words import seconds

BENCH = "bench.json"


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


# Regression -------------------------------------------------------------------------------------


def regression(given: Given) -> Iterator[Check]:
    """A line for each scenario that the baseline has too. Raises ReportError where a file cannot be read.

    Two campaigns are compared by the jobs (input and plan) that compensated in both, two benchmarks by the
    scenarios whose sagas were made to abort alike. A slowdown fails where the whole interval lies beyond
    what the policy allows, so that noise fails nothing.
    """
    baseline = given.policy.baseline
    if baseline is None:
        return
    now, before = _files(given.folder, baseline)
    missing = next((one for one in (before, now) if not one.exists()), None)
    if missing is not None:
        why = f"{missing} is not there, so there is nothing to compare"
        yield Check(word=Word.INCONCLUSIVE, where="baseline", what="slowdown", why=why)
        return
    found = _of_runs(now, before) if now.name == RUNS else _of_benches(now, before)
    for title, slowdown in found.items():
        word, why = _judged(slowdown, given.policy.max_slowdown)
        yield Check(word=word, where=title, what="slowdown", why=why)
    if all(one is None for one in found.values()):
        why = "no scenario is in both"
        yield Check(word=Word.INCONCLUSIVE, where="baseline", what="slowdown", why=why)


_Compared = Slowdown | int | None
"""Or how many measurements there are, where they are too few; None where the baseline has none at all."""


def _files(folder: Path, baseline: Path) -> tuple[Path, Path]:
    """The two that are compared: both of campaigns, or both of benchmarks."""
    if baseline.is_dir():
        name = RUNS if (baseline / RUNS).exists() else BENCH
        return folder / name, baseline / name
    return folder / (RUNS if baseline.suffix == ".ndjson" else BENCH), baseline


def _of_runs(now: Path, before: Path) -> Mapping[str, _Compared]:
    """By scenario title."""
    new, old = compensations(now), compensations(before)
    return {title: _same_jobs(new[title], old.get(title)) for title in new}


def _same_jobs(new: Mapping[Job, list[float]], old: Mapping[Job, list[float]] | None) -> _Compared:
    if old is None:
        return None
    jobs = [job for job in new if job in old]
    if len(jobs) < COMPARED:
        return len(jobs)
    return paired([_mean(new[job]) for job in jobs], [_mean(old[job]) for job in jobs])


def _of_benches(now: Path, before: Path) -> Mapping[str, _Compared]:
    old = {one.alike: one.seconds for one in read_bench(before).cells}
    return {one.title: _two_samples(one.seconds, old.get(one.alike)) for one in read_bench(now).cells}


def _two_samples(now_s: Sequence[float], before_s: Sequence[float] | None) -> _Compared:
    if before_s is None:
        return None
    fewest = min(len(now_s), len(before_s))
    return unpaired(now_s, before_s) if fewest >= COMPARED else fewest


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _judged(found: _Compared, most: float) -> tuple[Word, str]:
    if found is None:
        return Word.EXCUSED, "not in the baseline, so there is nothing to compare it with"
    if isinstance(found, int):
        why = f"{found} measurements are in both, and a comparison needs {COMPARED}"
        return Word.INCONCLUSIVE, why
    why = (
        f"{found.ratio:.2f} times as long as in the baseline "
        f"(95 % interval {found.low:.2f} to {found.high:.2f}, {found.n:,} measurements); "
        f"the policy allows {most:g}"
    )
    return (Word.FAILS if found.low > most else Word.PASSES), why
