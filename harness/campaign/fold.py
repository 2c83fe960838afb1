"""What the records of a scenario add up to: a pure function of them, whoever wrote them and when.

Runs are added in the order of the campaign, not in that in which they ended. The last shrinking is gone
through once more, answered from the records alone: nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.campaign.claims import irreversible_faults
from harness.campaign.records import PARTS, RunKey
from harness.campaign.refutations import shrink, take_unshrunk
from harness.campaign.run_records import RunRecords
from harness.campaign.tally import InvariantTally, Tally
from harness.faults import kinds_of
from harness.invariants import invariants_of
from harness.scenario import Scenario
from harness.search.digest import Digest, Job


def empty_tally(scenario: Scenario) -> Tally:
    """Of a scenario of which nothing was run."""
    return Tally(
        irreversible=irreversible_faults(scenario),
        invariants={id_: InvariantTally() for id_ in invariants_of(scenario)},
        kinds=kinds_of(scenario),
    )


def folded(scenario: Scenario, world: str, records: RunRecords) -> Tally:
    """All that is recorded. Where the last shrinking was not made to its end, what was found is not shrunk.

    Raises ReportError where a line is broken, or holds another run than the shrinking comes to.
    """
    tally = empty_tally(scenario)
    for digest in records.in_order():
        tally.add(digest)
    try:
        shrink(world, _Answers(records), tally)
    except _NotRecordedError:
        take_unshrunk(tally)
    return tally


class _NotRecordedError(Exception):
    """A run that the shrinking would need was not made: the campaign was cut short."""


class _Answers:
    """Runs nothing."""

    def __init__(self, records: RunRecords) -> None:
        self._records = records
        self._number = 0

    def run(self, jobs: Iterable[Job]) -> Iterator[Digest]:
        """What is recorded of them."""
        for job in jobs:
            key = RunKey(self._records.scenario, PARTS.index("minimised"), 0, self._number)
            self._number += 1
            digest = self._records.answer(key, job)
            if digest is None:
                raise _NotRecordedError
            yield digest
