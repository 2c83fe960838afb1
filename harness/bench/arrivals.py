"""When the sagas of a benchmark start: in a closed loop, or at a rate.

Owns the batches: the sagas of one run, which meet each other at the same participants. Refuses to run them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MOST_AT_A_RATE = 100
"""Of one run: it ends after 10,000 calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many sagas are there at once. side_by_side: so many start together, the next when all have ended.

    rate: so many start each second, whether or not those before them have ended: what waits, waits in the
    sample too (no coordinated omission). One of the two.
    """

    side_by_side: int = 1
    rate: float | None = None

    def __str__(self) -> str:
        return f"{self.side_by_side} at once" if self.rate is None else f"{self.rate:g} a second"


def batches(load: Load, sagas: int, longest_s: float) -> Iterator[tuple[float, ...]]:
    """For each run, when its sagas start, in seconds from its beginning. longest_s: the last one's latest."""
    most = load.side_by_side
    if load.rate is not None:
        most = max(1, min(MOST_AT_A_RATE, int(longest_s * load.rate)))
    for first in range(0, sagas, most):
        count = min(most, sagas - first)
        yield tuple(0.0 if load.rate is None else number / load.rate for number in range(count))
