"""A process fault that is due, as the calls of a run hand it to the run's executors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.lifecycle import Struck


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFault:
    """For executor `executor`.

    first: what its call still brings about before the fault. record: writes the fault into the history.
    Both are called under the lock of the traffic, and only where the fault is injected.
    """

    executor: int
    struck: Struck
    record: Callable[[], object]
    first: Callable[[], object] | None = None
