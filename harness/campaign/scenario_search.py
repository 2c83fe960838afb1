"""The searches of one scenario, one after the other, each in its part of the records.

Stored counterexamples first, then guided search, Hypothesis and its shrinking, what only Hypothesis reached,
and the last shrinking. Owns their order and their results. Refuses to know workers and files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.campaign.aggregate import Aggregate
from harness.campaign.events import Listener, RunEnded
from harness.campaign.fault_free import failures, until_one_fails
from harness.campaign.options import CampaignOptions
from harness.campaign.progress import Progress
from harness.campaign.recording import RecordedStop, RecordingJobRunner
from harness.campaign.refutations import shrink
from harness.campaign.run_records import RunRecords
from harness.campaign.stored import StoredCounterexamples
from harness.choices import WorldName
from harness.clock import real
from harness.faults.enabled import enabled_faults
from harness.inputs import DrawnInput
from harness.report_model import Drawn, Search, Stored
from harness.scenario import Scenario
from harness.search import GuidedSearch
from harness.search.chunks import KnownRuns
from harness.search.guided import StopAsked
from harness.search.interleavings import Interleavings
from harness.search.property import PropertySearch
from harness.search.run_summary import Job, RunSummary

PROGRESS_EVERY = 25


@dataclass(slots=True)
class Searched:
    """The results of the searches of one scenario; complete where nothing cut them short."""

    complete: bool = True
    singles_complete: bool = False
    needs_s: float | None = None
    singles_need_s: float | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    interleavings: int = 0
    drawn: Drawn | None = None
    stored: Stored = field(default_factory=Stored)

    def report(self, options: CampaignOptions, world: WorldName) -> Search:
        """For the report."""
        left_out = {part: number for part, number in self.left_out.items() if number}
        return Search(
            kind=options.search,
            depth=options.resolved(world).depth,
            complete=self.complete and not left_out,
            singles_complete=self.singles_complete,
            needs_s=_rounded(self.needs_s),
            singles_need_s=_rounded(self.singles_need_s),
            left_out=sum(left_out.values()),
            left_out_parts=left_out,
            interleavings=self.interleavings,
            drawn=self.drawn,
            stored=self.stored,
        )


class ScenarioSearch:
    """Of one scenario, with the claims whose faults are sent. Adds each run to the aggregate in its turn."""

    def __init__(
        self,
        options: CampaignOptions,
        tell: Listener,
        scenario: Scenario,
        world: WorldName,
        records: RunRecords,
        aggregate: Aggregate,
    ) -> None:
        self._options = options
        self._tell = tell
        self._scenario = scenario
        self._world = world
        self._records = records
        self._aggregate = aggregate
        self.searched = Searched()

    def run(self, runner: RecordingJobRunner, stored: StoredCounterexamples, jobs: Iterable[Job]) -> None:
        """All of them. jobs: of the stored counterexamples."""
        with runner.during("stored"):
            self._count(stored.watch(runner.run(jobs)), StopAsked())
        self.searched.stored = Stored(tried=stored.tried, failing=stored.failing)
        if not (self._options.until_first and self._aggregate.violated):
            self._search(runner)
        with runner.during("minimised"):
            shrink(self._world, runner, self._aggregate)

    def _search(self, runner: RecordingJobRunner) -> None:
        options, searched = self._options, self.searched
        stop = RecordedStop(runner, self._records)
        self._records.when_answered(lambda: self._set_deadline(stop))
        runner.deadline_s = lambda: stop.deadline_s
        depth = options.resolved(self._world).depth if options.search != "hypothesis" else 0
        enabled = enabled_faults(self._scenario, self._world)
        guided = GuidedSearch(enabled, len(self._scenario.inputs), depth)
        asked = options.search != "guided"
        progress = Progress(
            guided=guided,
            examples=options.resolved(self._world).examples if asked else 0,
            earlier_s=self._records.spent_s,
        )
        known = KnownRuns()
        overlap = self._scenario.overlap if depth else None
        with runner.during("guided"):
            first = guided.run(runner, stop) if overlap is None else guided.singles(runner, stop)
            run_summaries = known.watch(first)
            self._count(until_one_fails(run_summaries, self._scenario, stop), stop, progress)
        if overlap is not None and not failures(self._scenario, self._aggregate):
            interleavings = Interleavings(enabled, self._scenario, overlap)
            with runner.during("interleaved"):
                found = guided.overhear(interleavings.run(runner, stop))
                self._count(found, stop, progress)
            with runner.during("deeper"):
                self._count(guided.rest(runner, stop), stop, progress)
                self._count(known.watch(guided.deeper(runner, stop)), stop, progress)
            searched.left_out.update(interleavings.left_out_parts)
            searched.interleavings = interleavings.runs
        ended = bool(options.until_first and self._aggregate.violated)
        if asked and not ended and not failures(self._scenario, self._aggregate):
            self._by_property(runner, known, stop, progress)
            with runner.during("rest"):
                self._count(guided.rest(runner, stop), stop, progress)
        searched.left_out.update(guided.left_out_parts)
        searched.complete, searched.singles_complete = guided.complete, guided.singles_complete
        if failures(self._scenario, self._aggregate):
            # Nothing was left out for want of time: there was no point in it.
            searched.left_out.clear()
            searched.complete = searched.singles_complete = False
        elif searched.left_out.total():
            searched.needs_s = progress.needs_s
            searched.singles_need_s = None if guided.singles_complete else progress.singles_need_s

    def _set_deadline(self, stop: StopAsked) -> None:
        if self._options.seconds is not None:
            left_s = max(0.0, self._options.seconds - self._records.spent_s)
            stop.deadline_s = real.monotonic_s() + left_s

    def _by_property(
        self, runner: RecordingJobRunner, known: KnownRuns, stop: StopAsked, progress: Progress
    ) -> None:
        options, before = self._options, self._aggregate.violated
        examples = options.resolved(self._world).examples
        search = PropertySearch(
            self._world,
            examples=examples,
            seed=options.seed,
            known=known.runs,
            overlap=self._scenario.overlap,
        )
        with runner.during("drawn"):
            found = search.run(runner, stop, until_first=options.until_first)
            self._count(progress.guided.overhear(found), stop, progress, drawn=True)
        self.searched.left_out["drawn plans"] += search.came_to.left_out
        self.searched.drawn = Drawn(
            plans=search.came_to.plans,
            all_fired=search.came_to.all_fired,
            three_or_more=search.came_to.three_or_more,
            dropped=search.came_to.dropped,
        )
        new = [id_ for id_ in self._aggregate.violated if id_ not in before]
        if not options.until_first:
            with runner.during("shrunk_drawn"):
                shrunk = search.shrink(runner, self._for_hypothesis(new))
                self._count(shrunk, stop, progress, drawn=True)

    def _for_hypothesis(self, new: Iterable[str]) -> list[str]:
        """What Hypothesis shrinks: on the wire, where each run takes long, only inputs that it drew."""
        found = {id_: self._aggregate.invariants[id_].smallest for id_ in new}
        return [
            id_
            for id_, one in found.items()
            if self._world == "sim" or (one is not None and isinstance(one.input_index, DrawnInput))
        ]

    def _count(
        self,
        run_summaries: Iterable[RunSummary],
        stop: StopAsked,
        progress: Progress | None = None,
        *,
        drawn: bool = False,
    ) -> None:
        aggregate = self._aggregate
        for run_summary in run_summaries:
            aggregate.add(run_summary)
            self._records.count(run_summary, aggregate.needed)
            if progress is not None:
                progress.ran(drawn=drawn)
            self._tell(RunEnded(run_summary=run_summary))
            if self._options.until_first and run_summary.violated:
                stop.now()
            if progress is not None and aggregate.runs % PROGRESS_EVERY == 0:
                self._tell(progress.told(aggregate.runs, len(aggregate.violated)))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
