"""Compensation latency: how long a saga takes from learning that it must abort to the end of the last undo.

Owns that one definition, so that campaign, benchmark and reports measure the same thing. Refuses
to draw (`reports.figures`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.history import Call, ExecutorEnded, History
from harness.report_model import CompensationLatency
from harness.saga import Direction, Status

NEEDED: Mapping[str, int] = {"p50": 1, "p95": 20, "p99": 100}
"""How many measurements a percentile needs: one in so many lies beyond it. Of 40, p99 is a guess."""


def compensation_seconds(history: History) -> tuple[float, ...]:
    """One number for each saga that ended `compensated` and sent an undo.

    It begins where the last action before the first undo ended, so that a saga that polls
    for failures does not hide the wait; it ends where the saga says `compensated`.
    """
    measured = (
        _seconds([call for call in history.calls if call.saga_id == saga_id], history.ends(saga_id))
        for saga_id in history.began.saga_ids
    )
    return tuple(seconds for seconds in measured if seconds is not None)


def summarised(seconds: Sequence[float]) -> CompensationLatency:
    """Percentiles, interpolated between neighbours as pandas does it."""
    if not seconds:
        return CompensationLatency()
    ordered = sorted(seconds)
    p50, p95, p99 = (_quantile(ordered, share) for share in (0.50, 0.95, 0.99))
    return CompensationLatency(p50=p50, p95=p95, p99=p99, n=len(ordered))


def _seconds(calls: Sequence[Call], ends: Sequence[ExecutorEnded]) -> float | None:
    undos = [call for call in calls if call.sent.direction is Direction.COMPENSATION]
    done = [end.t_s for end in ends if end.status == Status.COMPENSATED]
    if not undos or not done:
        return None
    first_undo_s = undos[0].sent.t_s
    known_s = [
        call.end_s
        for call in calls
        if call.sent.direction is Direction.ACTION and call.end_s is not None and call.end_s <= first_undo_s
    ]
    return max(0.0, done[-1] - max(known_s, default=first_undo_s))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
