"""How many times as long something takes now as before, with a bootstrap confidence interval.

Owns the statistic: the ratio of means, and the 95 % interval that resampling gives it. Seeded, so that the
same files always decide the same. Refuses to decide what is too slow (`reports.gate_latency`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Numbers = NDArray[np.float64]

COMPARED = 20
"""How many measurements a comparison needs at least, of each side."""

RESAMPLES = 2000
SEED = 0
BOUNDS = (2.5, 97.5)
_MOST_AT_ONCE = 2_000_000
"""Numbers drawn at once: 16 MB of each kind."""


@dataclass(frozen=True, slots=True)
class Slowdown:
    """`ratio` of the means, and between which two it lies by 95 %. n: measurements, or pairs of them."""

    ratio: float
    low: float
    high: float
    n: int


def paired(now_s: Sequence[float], before_s: Sequence[float]) -> Slowdown:
    """The same things measured twice, in the same order: pairs are resampled together."""
    import numpy as np  # noqa: PLC0415 - comes with pandas, 100 ms

    now, before = np.asarray(now_s, float), np.asarray(before_s, float)
    random = np.random.default_rng(SEED)
    drawn = []
    for times in _portions(len(now)):
        chosen = random.integers(0, len(now), size=(times, len(now)))
        drawn.append(_ratios(now[chosen].mean(axis=1), before[chosen].mean(axis=1)))
    return _slowdown(now, before, np.concatenate(drawn))


def unpaired(now_s: Sequence[float], before_s: Sequence[float]) -> Slowdown:
    """Two samples: each is resampled on its own."""
    import numpy as np  # noqa: PLC0415 - see above

    now, before = np.asarray(now_s, float), np.asarray(before_s, float)
    random = np.random.default_rng(SEED)
    drawn = []
    for times in _portions(max(len(now), len(before))):
        means = [
            one[random.integers(0, len(one), size=(times, len(one)))].mean(axis=1) for one in (now, before)
        ]
        drawn.append(_ratios(*means))
    return _slowdown(now, before, np.concatenate(drawn))


def _portions(n: int) -> list[int]:
    """How many resamples at once, so that memory stays small."""
    most = max(1, _MOST_AT_ONCE // n)
    whole, rest = divmod(RESAMPLES, most)
    return [most] * whole + ([rest] if rest else [])


def _ratios(now: _Numbers, before: _Numbers) -> _Numbers:
    """Nothing to nothing is 1; something to nothing is as many times as one likes."""
    import numpy as np  # noqa: PLC0415 - see above

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(now == before, 1.0, now / before)


def _slowdown(now: _Numbers, before: _Numbers, drawn: _Numbers) -> Slowdown:
    import numpy as np  # noqa: PLC0415 - see above

    ratio = float(_ratios(now.mean(keepdims=True), before.mean(keepdims=True))[0])
    # A rank and no interpolation: between two that are infinite there is no number.
    low, high = np.percentile(drawn, BOUNDS, method="nearest")
    return Slowdown(ratio, float(low), float(high), min(len(now), len(before)))
