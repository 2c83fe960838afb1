"""Percentiles of latency, with intervals, as far as a sample carries them.

Owns how many measurements a percentile needs. Refuses to measure (`harness.compensation`) and to draw
(`reports.figures`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.report_model import CompensationLatency

NEEDED: Mapping[str, int] = {"p50": 1, "p95": 20, "p99": 100}
"""How many measurements a percentile needs: one in so many lies beyond it. Of 40, p99 is a guess."""


def summarised(seconds: Sequence[float]) -> CompensationLatency:
    """Percentiles, interpolated between neighbours as pandas does it."""
    if not seconds:
        return CompensationLatency()
    ordered = sorted(seconds)
    p50, p95, p99 = (_quantile(ordered, share) for share in (0.50, 0.95, 0.99))
    return CompensationLatency(p50=p50, p95=p95, p99=p99, n=len(ordered))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A percentile of a sample, and between which two values that of the population lies by 95 %.

    None for an end that the sample does not carry: of 10 measurements nobody knows how large the 95th
    percentile may be.
    """

    value: float
    low: float | None
    high: float | None


def percentile(seconds: Sequence[float], share: float) -> Interval:
    """One percentile with its interval by order statistics: exact, and true of any distribution.

    Source: Hahn and Meeker, Statistical Intervals (1991), section 5.2. seconds: at least one.
    """
    ordered = sorted(seconds)
    low, high = _ranks(len(ordered), share)
    return Interval(
        value=_quantile(ordered, share),
        low=None if low is None else ordered[low],
        high=None if high is None else ordered[high],
    )


CONFIDENCE = 0.95


@lru_cache(maxsize=256)
def _ranks(n: int, share: float) -> tuple[int | None, int | None]:
    """Of the least and the greatest, from 0; half of what may be missed lies beyond each."""
    tail = (1 - CONFIDENCE) / 2
    below = 0.0  # the chance that at most `rank` of n lie below the percentile
    low: int | None = None
    high: int | None = None
    for rank in range(n):
        below += _binomial(n, rank, share)
        if below <= tail:
            low = rank
        if high is None and below >= 1 - tail and rank + 1 < n:
            high = rank + 1
    return low, high


def _binomial(n: int, k: int, p: float) -> float:
    """The chance of k of n. By logarithms: a factorial of 1,000 is no float."""
    logarithm = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(logarithm + k * math.log(p) + (n - k) * math.log1p(-p))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
