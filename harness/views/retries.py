"""The attempts of one step and direction by one executor: how many there were, and which came too soon.

Owns the counting that `bounded_retries` judges by, so that ending a run early uses the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from harness.history import Call
from harness.saga import Direction, OnFailedCompensation
from harness.views.handed_over import NOTHING, HandedOver
from harness.views.saga import SagaView

_DIRECTIONS = tuple(Direction)  # an enum walks its members anew each time

BEYOND_ATTEMPTS = 2
BEYOND_GAPS = 4
"""How many times what is allowed must have been exceeded before a run is ended for it."""


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts in the order in which they were sent.

    what: in words. bounded: whether `max_attempts` counts for them. steps: how many steps they were
    for, as far as those were tried; an undo by saga is sent once for each step that it covers. most_steps:
    how many it may be for before the run is over. handed_over: what the bus brought more than once: each
    copy of an event may be tried for as often as the event itself.
    """

    what: str
    attempts: tuple[Call, ...]
    short: tuple[tuple[Call, Call], ...]
    bounded: bool
    max_attempts: int
    steps: int
    most_steps: int
    handed_over: HandedOver = NOTHING

    @property
    def too_many(self) -> bool:
        """More than `max_attempts`."""
        return self._more_than(self.max_attempts * self.steps)

    @property
    def allowed_short(self) -> int:
        """Gaps under `min_gap_s` that are allowed: one immediate repeat is."""
        return 2 * self.steps - 1

    def certainly(self) -> str | None:
        """What no later event can put right, with a wide margin; None where there is nothing."""
        policy = self.max_attempts
        if self._more_than(BEYOND_ATTEMPTS * policy * self.most_steps):
            return f"{self.what} was attempted {len(self.attempts)} times, and max_attempts is {policy}"
        if len(self.short) > BEYOND_GAPS * (2 * self.most_steps - 1):
            return f"{self.what} was repeated {len(self.short)} times under min_gap_s"
        return None

    def _more_than(self, most: int) -> bool:
        """Whether there were more attempts than that for each copy of the event that they were made for."""
        if not self.bounded or len(self.attempts) <= most:
            return False
        copies = self.handed_over.copies_before
        return any(number > most * (1 + copies(call.index)) for number, call in enumerate(self.attempts, 1))


def series_of(saga: SagaView) -> tuple[Series, ...]:
    """All that a saga attempted, by step, direction and executor."""
    return saga.folded(_all)


def _all(saga: SagaView) -> tuple[Series, ...]:
    return tuple(_each(saga))


def _each(saga: SagaView) -> Iterator[Series]:
    for step in saga.spec.steps:
        for direction in _DIRECTIONS:
            by_executor: dict[int, list[Call]] = {}
            for call in saga.attempts(step.name, direction):
                by_executor.setdefault(call.sent.executor, []).append(call)
            for attempts in by_executor.values():
                yield _series(saga, f"the {direction} of step {step.name}", direction, attempts)


def gap_s(earlier: Call, later: Call) -> float:
    """Seconds from the end of an attempt to the next; infinite where its end, or its start, was not seen."""
    if earlier.failed is not None and earlier.failed.late:
        return float("inf")
    if earlier.failed is not None and earlier.failed.unsure:
        return later.sent.t_s - earlier.sent.t_s  # the most that it can have been
    return later.sent.t_s - earlier.end_s if earlier.end_s is not None else float("inf")


def _series(saga: SagaView, what: str, direction: Direction, attempts: list[Call]) -> Series:
    policy = saga.spec.policy
    forever = policy.failed_compensation is OnFailedCompensation.FOREVER
    steps = {step for call in attempts for step in call.sent.steps}
    tried = [step for step in steps if saga.attempts(step, Direction.ACTION)]
    least_s = policy.min_gap_s * (1 - 1e-9)
    return Series(
        what=what,
        attempts=tuple(attempts),
        short=tuple(_too_soon(attempts, least_s, saga.handed_over)) if attempts[1:] else (),
        bounded=not (forever and direction is Direction.COMPENSATION),
        max_attempts=policy.max_attempts,
        steps=max(1, len(tried)),
        most_steps=max(1, len(steps)),
        handed_over=saga.handed_over,
    )


def _too_soon(attempts: list[Call], least_s: float, handed: HandedOver) -> Iterator[tuple[Call, Call]]:
    """Less those that came because an event had come again: one for it, and one immediate repeat of that."""
    excused = 0
    for earlier, later in pairwise(attempts):
        if gap_s(earlier, later) >= least_s:
            continue
        if excused < 2 * handed.again_before(later.index):
            excused += 1
        else:
            yield earlier, later
