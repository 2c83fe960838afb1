"""From samples to a cell of the benchmark: one way to fail under one load.

Owns the sums, and what stands out in them. Refuses to run sagas (`harness.bench.measure`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median

from harness.bench.aborts import Abort
from harness.bench.arrivals import Load
from harness.bench.remarks import remarks
from harness.bench.result import Cell, Percentiles, Phases, Spent, ValueWithInterval, plan_as_json
from harness.bench.samples import Sample
from harness.choices import WorldName
from harness.compensation import Compensation
from harness.latency import NEEDED, percentile

_SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
DELAY_S = 0.001
"""A message in sim, where no profile says otherwise."""


def cell_of(
    name: str,
    world: WorldName,
    abort: Abort,
    load: Load,
    samples: Sequence[Sample],
    *,
    counts_messages: bool,
) -> Cell:
    """counts_messages: a message takes `DELAY_S`, so the time in calls says how many there were in a row."""
    went = [one.compensation for one in samples if one.compensation is not None]
    spent = _spent(went)
    return Cell(
        name=name,
        world=world,
        failed_step=abort.step,
        fault=abort.kind,
        plan=plan_as_json(abort.plan),
        concurrency=load.side_by_side,
        rate=load.rate,
        sagas=len(samples),
        ended=dict(sorted(Counter(one.ended for one in samples).items())),
        latency_s=percentiles([one.latency_s for one in went]),
        undone_s=percentiles([one.decided_s + one.undone_s for one in went]),
        response_s=percentiles([one.response_s for one in samples if one.response_s is not None]),
        phases=_phases(went),
        spent=spent,
        messages=round(spent.in_calls_s / DELAY_S, 1) if spent is not None and counts_messages else None,
        remarks=tuple(remarks(went)),
        seconds=tuple(round(one.latency_s, 9) for one in went),
    )


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """Only those that the sample carries: of 40 measurements the 99th percentile is a guess."""
    found = {
        name: _interval(seconds, share) for name, share in _SHARES.items() if len(seconds) >= NEEDED[name]
    }
    return Percentiles(n=len(seconds), **found)


def _interval(seconds: Sequence[float], share: float) -> ValueWithInterval:
    one = percentile(seconds, share)
    return ValueWithInterval(
        value=round(one.value, 9),
        low=None if one.low is None else round(one.low, 9),
        high=None if one.high is None else round(one.high, 9),
    )


def _phases(went: Sequence[Compensation]) -> Phases | None:
    if not went:
        return None
    return Phases(
        noticed_s=_median([one.noticed_s for one in went]),
        decided_s=_median([one.decided_s for one in went]),
        undone_s=_median([one.undone_s for one in went]),
        told_s=_median([one.told_s for one in went]),
    )


def _spent(went: Sequence[Compensation]) -> Spent | None:
    if not went:
        return None
    return Spent(
        in_calls_s=_mean([one.in_calls_s for one in went]),
        retry_s=_mean([one.waits.retry_s for one in went]),
        polling_s=_mean([one.waits.polling_s for one in went]),
        pace_s=_mean([one.waits.pace_s for one in went]),
    )


def _median(seconds: Sequence[float]) -> float:
    return round(median(seconds), 9)


def _mean(seconds: Sequence[float]) -> float:
    return round(fmean(seconds), 9)
