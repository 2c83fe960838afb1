"""BUDG: attempts are bounded, back-off is kept, and Retry-After where the policy says that it must be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from harness.history import Call
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Choice, Direction, OnFailedCompensation
from harness.views import SagaView, View

RETRY_AFTER_SLACK = 0.95
"""Retry-After is kept within 5 % (RULES §8)."""


class RetriesUnbounded(InvariantViolated):
    """Too many attempts, too close together, or before the time that the participant asked for."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    del view
    for step, direction, attempts in _series(saga):
        what = f"the {direction} of step {step}"
        yield from _too_many(saga, what, direction, attempts)
        yield from _too_close(saga, what, attempts)
        if saga.spec.policy.retry_after is Choice.MUST:
            yield from _too_early(what, attempts)


def early_repeats(saga: SagaView) -> Iterator[Finding]:
    """Repeats before the time that a Retry-After asked for, whether that is judged or not."""
    for step, direction, attempts in _series(saga):
        yield from _too_early(f"the {direction} of step {step}", attempts)


def _series(saga: SagaView) -> Iterator[tuple[str, Direction, list[Call]]]:
    for step in saga.spec.steps:
        for direction in Direction:
            by_executor: dict[int, list[Call]] = defaultdict(list)
            for call in saga.attempts(step.name, direction):
                by_executor[call.sent.executor].append(call)
            for attempts in by_executor.values():
                yield step.name, direction, attempts


def _too_many(saga: SagaView, what: str, direction: Direction, attempts: list[Call]) -> Iterator[Finding]:
    policy = saga.spec.policy
    forever = (
        policy.failed_compensation is OnFailedCompensation.FOREVER and direction is Direction.COMPENSATION
    )
    if len(attempts) > policy.max_attempts * _meant(saga, attempts) and not forever:
        message = f"{what} was attempted {len(attempts)} times, and max_attempts is {policy.max_attempts}"
        yield Finding(message, tuple(call.index for call in attempts))


def _too_close(saga: SagaView, what: str, attempts: list[Call]) -> Iterator[Finding]:
    short = [
        (earlier, later)
        for earlier, later in pairwise(attempts)
        if _gap_s(earlier, later) < saga.spec.policy.min_gap_s * (1 - 1e-9)
    ]
    allowed = 2 * _meant(saga, attempts) - 1  # one immediate repeat is anybody's right
    if len(short) > allowed:
        earlier, later = short[allowed]
        gap_ms = max(0.0, _gap_s(earlier, later)) * 1000
        message = f"{what} was repeated after {gap_ms:.1f} ms, {len(short)} times under min_gap_s"
        yield Finding(message, (earlier.index, later.index))


def _meant(saga: SagaView, attempts: list[Call]) -> int:
    """How many steps the attempts were for: an undo by saga is sent once for each step that it covers."""
    steps = {step for call in attempts for step in call.sent.steps}
    tried = [step for step in steps if saga.attempts(step, Direction.ACTION)]
    return max(1, len(tried))


def _gap_s(earlier: Call, later: Call) -> float:
    if earlier.failed is not None and earlier.failed.unsure:
        return later.sent.t_s - earlier.sent.t_s  # the most that it can have been
    # An attempt whose end the harness could not see says nothing about the gap.
    return later.sent.t_s - earlier.end_s if earlier.end_s is not None else float("inf")


def _too_early(what: str, attempts: list[Call]) -> Iterator[Finding]:
    for earlier, later in pairwise(attempts):
        asked = earlier.answered.retry_after_s if earlier.answered is not None else None
        if asked is not None and _gap_s(earlier, later) < asked * RETRY_AFTER_SLACK:
            gap_s = _gap_s(earlier, later)
            message = f"{what} was repeated after {gap_s:.2f} s, and Retry-After asked for {asked:g} s"
            yield Finding(message, (earlier.index, later.index))


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return any(len(attempts) > 1 for _, _, attempts in _series(saga))


INVARIANT = Invariant(
    id="bounded_retries",
    says="Attempts are bounded, a gap is kept between them, and Retry-After where it must be.",
    error=RetriesUnbounded,
    finds=_finds,
    exercised=_exercised,
)
