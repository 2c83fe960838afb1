"""Owns the last lines of what was abandoned: where they run, and what becomes of those that never end.

A `finally` may run when a world is over; time stands for it and all I/O is refused. One that swallows
every refusal and tries again would run for ever, so each runs on a stack of its own, which is left
where it stands once it has been refused often enough.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from harness.clock.active import afterlife
from harness.clock.scheduler import Scheduler

MOST_REFUSALS = 100

# Freed, they would run on. They are few, and stay for the life of the process.
_never_freed: list[object] = []


@contextmanager
def last_lines(scheduler: Scheduler) -> Iterator[None]:
    """A block in which other stacks run what is left of them."""
    home, refusals = getcurrent(), 0

    def give_up() -> None:
        nonlocal refusals
        refusals += 1
        if refusals > MOST_REFUSALS and getcurrent() is not home:
            refusals = 0
            home.switch()

    with afterlife(scheduler, give_up), warnings.catch_warnings():
        # What is abandoned may hold coroutines that it never awaited.
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def on_a_stack_of_its_own(lines: Callable[[], str | None]) -> str | None:
    """Run them, as far as they go; answer their results."""
    stack = greenlet(lines)
    last_words = stack.switch()
    if stack.dead:
        return last_words if isinstance(last_words, str) else None
    never_free(stack)
    return "it never ended"


def never_free(stack: object) -> None:
    """Keep a stack that would not end."""
    _never_freed.append(stack)
