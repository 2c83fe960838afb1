"""BUDG: attempts are bounded, back-off is kept, and Retry-After where the policy says that it must be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.history import Call
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Choice
from harness.views import SagaView, View
from harness.views.retries import Series, gap_s, series_of

RETRY_AFTER_SLACK = 0.95
"""Retry-After is kept within 5 % (RULES §8)."""

ROUNDING_MS = 0.05


class RetriesUnbounded(InvariantViolated):
    """Too many attempts, too close together, or before the time that the participant asked for."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    del view
    for series in series_of(saga):
        yield from _too_many(series)
        yield from _too_close(series)
        if saga.spec.policy.retry_after is Choice.MUST:
            yield from _too_early(series)


def early_repeats(saga: SagaView) -> Iterator[Finding]:
    """Repeats before the time that a Retry-After asked for, whether that is judged or not."""
    for series in series_of(saga):
        yield from _too_early(series)


def _too_many(series: Series) -> Iterator[Finding]:
    if series.too_many:
        attempts = series.attempts
        message = (
            f"{series.what} was attempted {len(attempts)} times, and max_attempts is {series.max_attempts}"
        )
        yield Finding(message, tuple(call.index for call in attempts))


def _too_close(series: Series) -> Iterator[Finding]:
    short, allowed = series.short, series.allowed_short
    if len(short) > allowed:
        earlier, later = short[allowed]
        message = (
            f"{series.what} was repeated {_how_soon(earlier, later)}, {len(short)} times under min_gap_s"
        )
        yield Finding(message, (earlier.index, later.index))


def _how_soon(earlier: Call, later: Call) -> str:
    gap_ms = gap_s(earlier, later) * 1000
    return (
        f"after {max(0.0, gap_ms):.1f} ms" if gap_ms > -ROUNDING_MS else "while the one before was under way"
    )


def _too_early(series: Series) -> Iterator[Finding]:
    for earlier, later in pairwise(series.attempts):
        asked = earlier.answered.retry_after_s if earlier.answered is not None else None
        if asked is not None and (waited_s := gap_s(earlier, later)) < asked * RETRY_AFTER_SLACK:
            message = (
                f"{series.what} was repeated after {waited_s:.2f} s, and Retry-After asked for {asked:g} s"
            )
            yield Finding(message, (earlier.index, later.index))


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return any(len(series.attempts) > 1 for series in series_of(saga))


INVARIANT = Invariant(
    id="bounded_retries",
    says="Attempts are bounded, a gap is kept between them, and Retry-After where it must be.",
    error=RetriesUnbounded,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
