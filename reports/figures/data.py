"""The numbers behind the figures, as tables: one line for each saga that compensated.

Owns how a large table is sampled. Refuses to draw, and to cut a history into phases
(`harness.compensation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.compensation import PHASES, Compensation

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 500
MOST_DOTS = 150
"""Of one row: each is an element of its own in an SVG."""

PHASE_WORDS = {
    "noticed_s": "fault to noticed",
    "decided_s": "noticed to first undo",
    "undone_s": "first undo to last undo acknowledged",
    "told_s": "last undo to outcome",
}
COLUMNS = ("scenario", "saga_id", "failed_step", "fault", "latency_s", *PHASES)


def table(given: Iterable[tuple[str, Compensation]]) -> pd.DataFrame:
    """COLUMNS, a line for each scenario's title and saga."""
    import pandas as pd  # noqa: PLC0415 - see the package's docstring

    lines = [(title, *(getattr(one, name) for name in COLUMNS[1:])) for title, one in given]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def sampled(values: Sequence[float], most: int = MOST_POINTS) -> list[float]:
    """In order, at most so many: evenly over the ranks, with the least and the greatest."""
    ordered = sorted(values)
    if len(ordered) <= most:
        return ordered
    last = len(ordered) - 1
    return [ordered[round(place * last / (most - 1))] for place in range(most)]
