"""Single faults that did not fire although they could have: what is tried again, where time is real.

On the wire a saga may be quicker than what was set for it, or be gone when that is due. Owns which of
those plans are run again, and how often; a fault that fires in no try stays unfired, and the verdict says
so. Refuses faults within a pause, which are tried again at once (`guided`).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace

from harness.plan import Fault, Lasting
from harness.search.agenda import SINGLES, Planned, Rank
from harness.search.counts import nothing_follows
from harness.search.gaps import BY_PAUSE
from harness.search.run_summary import RunSummary

MOST_TRIES = 3
"""Of a fault that did not fire, the first one included."""

Mark = tuple[str, str, str, int | Lasting]


class Again:
    """Of one search. A fault counts by kind, operation, variant and count, wherever it fires."""

    def __init__(self) -> None:
        self._fired: set[Mark] = set()
        self._unfired: dict[Mark, deque[Planned]] = {}
        self._tried: Counter[Mark] = Counter()

    def note(self, planned: Planned, run_summary: RunSummary) -> None:
        """A plan was run."""
        newest = run_summary.plan.faults[-1]
        if run_summary.fired[-1]:
            self._fired.add(_mark(newest))
        elif (
            planned.phase == SINGLES
            and newest.variant not in BY_PAUSE
            and not (planned.newest.kind.after_site and nothing_follows(run_summary, newest))
        ):
            self._unfired.setdefault(_mark(newest), deque()).append(planned)

    def due(self) -> Iterator[Planned]:
        """One plan for each fault that fired nowhere yet, another one each time where there are several."""
        for mark, waiting in self._unfired.items():
            if waiting and mark not in self._fired and self._tried[mark] < MOST_TRIES - 1:
                self._tried[mark] += 1
                planned = waiting.popleft()
                yield replace(planned, tries=planned.tries + 1, rank=Rank.LATECOMERS)


def _mark(fault: Fault) -> Mark:
    return fault.kind, fault.operation, fault.variant, fault.count
