"""The process faults between two calls that a pass requires (RULES §7): at every moment that a run showed.

Forward those of the fault-free runs, compensating those of runs that one refusal aborted. A run that
showed none requires none. On the wire a saga may be quicker when the fault is tried than it was in the run
that showed the pause, and have sent its next request before the fault is due; where that was so each
time, though an earlier moment of that pause could be struck, the later one is listed as impossible.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.campaign.aggregate import Aggregate
from harness.faults.enabled import EnabledFaults, Possible
from harness.plan import Fault
from harness.plan.moments import moment_of
from harness.report_model import Impossible
from harness.saga import Direction
from harness.search.again import MOST_TRIES
from harness.search.run_summary import RunSummary

TOO_QUICK = "the next request came before {variant} of the pause each time"


class Between:
    """Of one scenario in one world."""

    def __init__(self, enabled: EnabledFaults, aggregate: Aggregate) -> None:
        self._enabled = enabled
        self._aggregate = aggregate

    def impossible(self) -> Iterator[Impossible]:
        """Moments that were gone before the fault was due."""
        for one in self._missing():
            if self._too_quick(one):
                reason = TOO_QUICK.format(variant=one.variant.partition(":")[2])
                yield Impossible(fault=one.kind.name, operation=one.operation, reason=reason)

    def unfired(self) -> Iterator[Fault]:
        """Required and never seen to fire."""
        for one in self._missing():
            if not self._too_quick(one):
                yield Fault(kind=one.kind.name, operation=one.operation, variant=one.variant)

    def _missing(self) -> Iterator[Possible]:
        fired = self._aggregate.fired_variants
        for one in dict.fromkeys(self._owed()):
            if (one.kind.name, one.operation, one.variant) not in fired:
                yield one

    def _owed(self) -> Iterator[Possible]:
        for run_summary in self._shown():
            for gap in run_summary.gaps:
                if gap.last >= len(run_summary.plan.faults) - 1:
                    yield from self._enabled.between(gap.site.operation, gap.variants)

    def _shown(self) -> Iterator[RunSummary]:
        traces: set[bytes] = set()
        for run_summary in self._aggregate.fault_free.values():
            if run_summary.trace not in traces:  # of equal ones the wire searches the first alone
                traces.add(run_summary.trace)
                yield run_summary
        yield from (
            run_summary
            for run_summary in self._aggregate.refused_once.values()
            if self._turned_back(run_summary)
        )

    def _turned_back(self, run_summary: RunSummary) -> bool:
        target = self._enabled.target
        return any(
            target(site.operation).direction is Direction.COMPENSATION for site, _ in run_summary.sites
        )

    def _too_quick(self, one: Possible) -> bool:
        moment = moment_of(one.variant)
        if moment is None or not moment.percent:
            return False
        earlier = any(
            kind == one.kind.name and operation == one.operation and _percent(variant) < moment.percent
            for kind, operation, variant in self._aggregate.fired_variants
        )
        return earlier and self._aggregate.missed[one.kind.name, one.operation, one.variant] >= MOST_TRIES


def _percent(variant: str) -> int:
    moment = moment_of(variant)
    return 100 if moment is None or moment.percent is None else moment.percent
