"""What the records of a scenario add up to: a pure function of them, whoever wrote them and when.

Runs are added in the order of the campaign, not in the order in which they ended. The last shrinking is
repeated with answers from the records alone: nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.campaign.aggregate import Aggregate, InvariantAggregate
from harness.campaign.claims import irreversible_faults
from harness.campaign.records import PARTS, RunKey
from harness.campaign.refutations import shrink, take_unshrunk
from harness.campaign.run_records import RunRecords
from harness.faults import kinds_of
from harness.invariants import invariants_of
from harness.scenario import Scenario
from harness.search.run_summary import Job, RunSummary


def empty_aggregate(scenario: Scenario) -> Aggregate:
    """Of a scenario of which nothing was run."""
    return Aggregate(
        irreversible=irreversible_faults(scenario),
        invariants={id_: InvariantAggregate(id_, _apart(scenario)) for id_ in invariants_of(scenario)},
        kinds=kinds_of(scenario),
    )


def _apart(scenario: Scenario) -> frozenset[str]:
    """Steps at services of the user's."""
    own = {one.name for one in scenario.own_services}
    return frozenset(step.name for step in scenario.spec.steps if step.action.partition(".")[0] in own)


def folded(scenario: Scenario, world: str, records: RunRecords) -> Aggregate:
    """All that is recorded. Where the last shrinking was not finished, the counterexamples stay as found.

    Raises ReportError where a line is broken, or holds another run than the shrinking asks for.
    """
    aggregate = empty_aggregate(scenario)
    for run_summary in records.in_order():
        aggregate.add(run_summary)
    try:
        shrink(world, _Answers(records), aggregate)
    except _NotRecordedError:
        take_unshrunk(aggregate)
    return aggregate


class _NotRecordedError(Exception):
    """A run that the shrinking would need was not made: the campaign was cut short."""


class _Answers:
    """Runs nothing."""

    def __init__(self, records: RunRecords) -> None:
        self._records = records
        self._number = 0

    def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
        """What is recorded of them."""
        for job in jobs:
            key = RunKey(self._records.scenario, PARTS.index("minimised"), 0, self._number)
            self._number += 1
            run_summary = self._records.answer(key, job)
            if run_summary is None:
                raise _NotRecordedError
            yield run_summary
