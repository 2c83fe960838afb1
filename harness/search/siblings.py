"""Variants that differ from a sibling in one respect alone (`FaultKind.siblings`), and who reacts to that.

Each is tried alone, wherever its sibling is. Further faults meet it only at operations at which a saga went
another way than under the sibling: another call, another end, another verdict. Refuses to say what a saga
did (`RunSummary.reaction`) and which plans are made (`guided`).
"""

from __future__ import annotations

from dataclasses import replace

from harness.faults.enabled import Possible
from harness.search.agenda import Planned
from harness.search.run_summary import Job, RunSummary

_Way = tuple[bytes, tuple[str, ...]]
"""What a saga did, and what was violated by that."""


class Siblings:
    """What the runs of one search have shown."""

    def __init__(self) -> None:
        self._ways: dict[Job, dict[str, _Way]] = {}
        self._told_apart: set[tuple[str, str, str]] = set()

    def note(self, planned: Planned, run_summary: RunSummary) -> None:
        """A run whose newest fault may have a sibling. One call tells them apart, as far as they are."""
        kind, fault = planned.newest.kind, run_summary.plan.faults[-1]
        if not kind.siblings or run_summary.void:
            return
        ways = self._ways.setdefault(_job(run_summary, kind.siblings.get(fault.variant, fault.variant)), {})
        ways[fault.variant] = (run_summary.reaction, run_summary.violated)
        for variant, sibling in kind.siblings.items():
            both = fault.count == 1 and variant in ways and sibling in ways
            if both and ways[variant] != ways[sibling]:
                self._told_apart.add((kind.name, variant, fault.operation))

    def is_stood_for(self, planned: Planned, run_summary: RunSummary) -> bool:
        """Whether a run went the way of its sibling's, which gets the further faults for both."""
        variant = run_summary.plan.faults[-1].variant
        sibling = planned.newest.kind.siblings.get(variant)
        if sibling is None:
            return False
        ways = self._ways.get(_job(run_summary, sibling), {})
        return variant in ways and ways[variant] == ways.get(sibling)

    def meets_others(self, possible: Possible) -> bool:
        """Whether it is added to runs with other faults."""
        kind, variant = possible.kind, possible.variant
        return variant not in kind.siblings or (kind.name, variant, possible.operation) in self._told_apart


def _job(run_summary: RunSummary, variant: str) -> Job:
    """The run, with that variant of its newest fault."""
    *earlier, newest = run_summary.plan.faults
    faults = (*earlier, replace(newest, variant=variant))
    return run_summary.input_index, run_summary.plan.with_faults(faults)
