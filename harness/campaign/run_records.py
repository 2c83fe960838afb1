"""The run records of one scenario in one campaign: those of earlier sessions, and those to come.

Owns what is recorded of a run, with its history, and what is read back. Refuses to run anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harness.campaign.journal import Journal, Recorded, RecordedScenario
from harness.campaign.records import PARTS, ChunkLine, Part, Place, RunKey, TimeUpLine
from harness.campaign.tables import Tables, shown
from harness.clock import real
from harness.errors import ReportError, misplaced
from harness.search.chunks import ChunkEnded
from harness.search.run_summary import Job, RunSummary

MOST_HISTORIES = 100
"""Kept for a report beyond what it needs, before they are looked through."""

_SEARCHED = tuple(PARTS.index(part) for part in PARTS if part != "minimised")


class RunRecords:
    """The runs of one scenario: those that are recorded, and those to come.

    recorded: what an earlier session wrote; None where there was none.
    """

    def __init__(
        self, scenario: int, journal: Journal, tables: Tables, recorded: Recorded | None = None
    ) -> None:
        self.scenario = scenario
        self._journal = journal
        self._tables = tables
        self._recorded = recorded
        self._earlier = recorded.scenarios[scenario] if recorded is not None else RecordedScenario()
        self._unanswered = sum(key.part in _SEARCHED for key in self._earlier.runs)
        self._when_answered: Callable[[], None] | None = None
        self._kept: dict[int, tuple[RunKey, RunSummary]] = {}
        self._counted: list[RunSummary] = []
        self._look_through_at = MOST_HISTORIES
        self._began_s = real.monotonic_s()

    @property
    def elapsed_s(self) -> float:
        """Real seconds of the search, those of earlier sessions among them."""
        return self._earlier.spent_s + real.monotonic_s() - self._began_s

    @property
    def spent_s(self) -> float:
        """Those of earlier sessions."""
        return self._earlier.spent_s

    def when_answered(self, then: Callable[[], None]) -> None:
        """Call once all that the searches of earlier sessions ran has been asked for; at once if it has."""
        self._when_answered = then
        self._check_answered()

    @property
    def answered(self) -> bool:
        """Whether all has been asked for that the searches of earlier sessions ran."""
        return not self._unanswered

    @property
    def time_up(self) -> Place | None:
        """Where the time was over in an earlier session."""
        return None if self._earlier.time_up is None else self._earlier.time_up.place

    def add_time_up(self, place: Place) -> None:
        """The time is over."""
        part, runs, chunks = place
        line = TimeUpLine(scenario=self.scenario, part=PARTS[part], runs=runs, chunks=chunks)
        self._journal.write(line)

    def begin(self) -> None:
        """The time of the search begins."""
        self._began_s = real.monotonic_s()

    def add(self, key: RunKey, run_summary: RunSummary) -> None:
        """A run ended. Its history comes first, so that no line tells of one that is not there."""
        if run_summary.history is not None:
            self._journal.keep_history(key, run_summary.history)
            self._kept[id(run_summary)] = key, run_summary
        self._journal.write(self._tables.line(key, run_summary, self.elapsed_s))

    def add_chunk(self, part: Part, chunk: int, came_to: ChunkEnded) -> None:
        """A chunk ended."""
        self._journal.write(ChunkLine(scenario=self.scenario, part=part, chunk=chunk, came_to=came_to))

    def ended_chunk(self, part: Part, chunk: int) -> ChunkEnded | None:
        """What an earlier session says of a chunk that ended."""
        return self._earlier.chunks.get((part, chunk))

    def answer(self, key: RunKey, job: Job) -> RunSummary | None:
        """The run at a place, where it is recorded. Raises ReportError where it is another one."""
        run_summary = self.at(key)
        if run_summary is not None and self._recorded is not None:
            if (run_summary.input_index, run_summary.plan) != job:
                expected = f"{shown(job)!r}, as the search comes to it now: the saga must be the same"
                found = shown((run_summary.input_index, run_summary.plan))
                raise ReportError(misplaced(self._recorded.where(key), found, expected))
            self._count_answer(key)
        return run_summary

    def drawn(self, key: RunKey) -> RunSummary | None:
        """The run at a place of a chunk. Its job is not known here: the worker draws it again."""
        run_summary = self.at(key)
        if run_summary is not None:
            self._count_answer(key)
        return run_summary

    def in_order(self) -> Iterator[RunSummary]:
        """All recorded runs that are counted, in the order of the campaign."""
        for key in sorted(self._earlier.runs):
            run_summary = self.at(key) if key.part in _SEARCHED else None
            if run_summary is not None:
                yield run_summary

    def at(self, key: RunKey) -> RunSummary | None:
        """The run at a place."""
        line = None if self._recorded is None else self._recorded.run(key)
        if line is None:
            return None
        run_summary = self._tables.run_summary(line, self._journal.history(key) if line.history else None)
        if run_summary.history:
            self._kept[id(run_summary)] = key, run_summary
        return run_summary

    def count(self, run_summary: RunSummary, needed: Callable[[], Iterable[RunSummary]]) -> None:
        """The turn of a run has come. Histories that the report does not need are deleted."""
        if id(run_summary) in self._kept:
            self._counted.append(run_summary)
            if len(self._counted) >= self._look_through_at:
                self._drop(self._counted, needed())
                self._look_through_at = len(self._counted) + MOST_HISTORIES

    def end(self, needed: Iterable[RunSummary]) -> None:
        """The search of the scenario is complete: histories that the report does not need are deleted."""
        self._drop([run_summary for _, run_summary in self._kept.values()], needed)

    def _drop(self, run_summaries: Iterable[RunSummary], needed: Iterable[RunSummary]) -> None:
        ids = {id(run_summary) for run_summary in needed}
        for run_summary in run_summaries:
            if id(run_summary) not in ids and id(run_summary) in self._kept:
                key, _ = self._kept.pop(id(run_summary))
                self._journal.drop_history(key)
        self._counted = [run_summary for run_summary in self._counted if id(run_summary) in self._kept]

    def _count_answer(self, key: RunKey) -> None:
        self._unanswered -= key.part in _SEARCHED
        self._check_answered()

    def _check_answered(self) -> None:
        if not self._unanswered and self._when_answered is not None:
            self._when_answered()
            self._when_answered = None
