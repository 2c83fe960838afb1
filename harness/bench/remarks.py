"""What stands out in where the time of compensations went: back-off, polling, a floor.

Owns when one of them is worth a sentence. Refuses to call anything wrong: waiting may be what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from harness.compensation import Compensation

DOMINATES = 0.5
"""Share of the latency."""

FLOOR_S = 0.005
"""A pause that each saga makes at least: shorter ones are the saga's own work."""


def remarks(went: Sequence[Compensation]) -> Iterator[str]:
    """Sentences, most important first; none of a sample that is empty or took no time."""
    latency_s = fmean(one.latency_s for one in went) if went else 0.0
    if not latency_s:
        return
    retry_s = fmean(one.waits.retry_s for one in went)
    polling_s = fmean(one.waits.polling_s for one in went)
    pace_s = fmean(one.waits.pace_s for one in went)
    if retry_s >= DOMINATES * latency_s:
        yield f"back-off dominates: {_share(retry_s, latency_s)} is waiting after failed attempts"
    if polling_s >= DOMINATES * latency_s:
        yield f"polling dominates: {_share(polling_s, latency_s)} is waiting after a 202 or a query"
    floor_s = min((one.waits.shortest_pace_s or 0.0 for one in went), default=0.0)
    if pace_s >= DOMINATES * latency_s and floor_s >= FLOOR_S:
        yield (
            f"a polling floor: at least {floor_s * 1000:,.0f} ms pass between an acknowledged call "
            f"and the next, with nothing under way ({_share(pace_s, latency_s)})"
        )


def _share(part_s: float, latency_s: float) -> str:
    return f"{part_s / latency_s:.0%} of the latency"
