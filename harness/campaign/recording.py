"""Records each run as it ends, and answers from the records what an earlier session of the campaign ran.

Stands between the searches and the workers. The searches are deterministic: what they ask next follows from
what they were answered. So a campaign that is resumed asks for the same runs in the same order, and only
those that are not recorded are made. A run that is recorded in the place of another one means that the saga
or the harness is not the same any more, and is refused.

A run gets its place when it is asked for, and its record when it ends, whichever run ends first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from harness.campaign.arrivals import ReportingJobRunner
from harness.campaign.records import PARTS, Part, Place, RunKey
from harness.campaign.run_records import RunRecords
from harness.search.chunks import Chunk, ChunkEnded, ChunkPart, Reached, reached_by
from harness.search.guided import StopAsked
from harness.search.run_summary import Job, RunSummary


@dataclass(slots=True)
class _Turn:
    """A job whose turn in the order comes. summary: None while it runs."""

    run_summary: RunSummary | None


@dataclass(slots=True, eq=False)
class _ChunkTurn:
    """A chunk whose turn comes. recorded: its runs of earlier sessions. ended: where it ended then."""

    chunk: Chunk
    place: int
    recorded: list[RunSummary]
    ended: ChunkEnded | None
    ran: int = field(init=False)

    def __post_init__(self) -> None:
        self.ran = len(self.recorded)

    def parts(self) -> Iterator[ChunkPart]:
        """What was recorded, each once."""
        recorded, self.recorded = self.recorded, []
        for run_summary in recorded:
            yield self.chunk, run_summary
        if self.ended is not None:
            yield self.chunk, self.ended

    def left(self, deadline_s: float | None) -> Chunk:
        """The chunk to run, with its runs so far."""
        done = (*self.chunk.done, *map(reached_by, self.recorded))
        most = self.chunk.most_runs
        return msgspec.structs.replace(
            self.chunk,
            done=done,
            most_runs=None if most is None else max(0, most - self.ran),
            deadline_s=deadline_s,
        )


class RecordingJobRunner:
    """A job runner for searches. Each part of a campaign is run in `with runner.during(part)`."""

    def __init__(self, inner: ReportingJobRunner, records: RunRecords) -> None:
        self._inner = inner
        self._records = records
        self._part: Part = "guided"
        self._runs: dict[Part, int] = {}
        self._chunks: dict[Part, int] = {}
        self.deadline_s: Callable[[], float | None] = lambda: None

    @contextmanager
    def during(self, part: Part) -> Iterator[None]:
        """Runs belong to that part meanwhile."""
        before, self._part = self._part, part
        try:
            yield
        finally:
            self._part = before

    @property
    def place(self) -> Place:
        """How far the search has come."""
        return PARTS.index(self._part), self._runs.get(self._part, 0), self._chunks.get(self._part, 0)

    def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
        """In the order of the jobs; each is asked for only when it can be answered or run."""
        asked = iter(jobs)
        for job in asked:
            key = self._next_key()
            run_summary = self._records.answer(key, job)
            if run_summary is None:
                yield from self._run(chain([(key, job)], self._with_keys(asked)))
                return
            yield run_summary

    def _run(self, asked: Iterable[tuple[RunKey, Job]]) -> Iterator[RunSummary]:
        """From the first job on that is not recorded."""
        turns: deque[_Turn] = deque()
        keys: list[RunKey] = []

        def unrecorded() -> Iterator[Job]:
            for key, job in asked:
                turns.append(_Turn(self._records.answer(key, job)))
                if turns[-1].run_summary is None:
                    keys.append(key)
                    yield job

        for run_summary in self._inner.run(
            unrecorded(), lambda index, ended: self._records.add(keys[index], ended)
        ):
            yield from _answered(turns)
            turns.popleft()
            yield run_summary
        yield from _answered(turns)

    def _with_keys(self, jobs: Iterable[Job]) -> Iterator[tuple[RunKey, Job]]:
        for job in jobs:
            yield self._next_key(), job

    def _next_key(self) -> RunKey:
        number = self._runs.get(self._part, 0)
        self._runs[self._part] = number + 1
        return RunKey(self._records.scenario, PARTS.index(self._part), 0, number)

    def draw(self, chunks: Iterable[Chunk], known: tuple[Reached, ...]) -> Iterator[ChunkPart]:
        """In the order of the chunks; one that ended in an earlier session is not drawn again."""
        part = self._part
        turns: deque[_ChunkTurn] = deque()
        running: dict[tuple[int, str | None], _ChunkTurn] = {}

        def unfinished() -> Iterator[Chunk]:
            for chunk in chunks:
                turn = self._turn(chunk, part)
                turns.append(turn)
                if turn.ended is None:
                    running[chunk.number, chunk.shrink] = turn
                    yield turn.left(self.deadline_s())

        def arrived(chunk: Chunk, came: RunSummary | ChunkEnded) -> None:
            turn = running[chunk.number, chunk.shrink]
            if isinstance(came, ChunkEnded):
                self._records.add_chunk(part, turn.place, came)
            else:
                self._records.add(self._key_in(part, turn.place, turn.ran), came)
                turn.ran += 1

        for _, came in self._inner.draw(unfinished(), known, arrived):
            yield from _finished(turns)
            yield from turns[0].parts()
            yield turns[0].chunk, came
            if isinstance(came, ChunkEnded):
                turns.popleft()
        yield from _finished(turns)

    def _turn(self, chunk: Chunk, part: Part) -> _ChunkTurn:
        place = self._chunks.get(part, 0)
        self._chunks[part] = place + 1
        ended = self._records.ended_chunk(part, place)
        return _ChunkTurn(chunk, place, list(self._recorded_in(part, place)), ended)

    def _recorded_in(self, part: Part, place: int) -> Iterator[RunSummary]:
        number = 0
        while (run_summary := self._records.drawn(self._key_in(part, place, number))) is not None:
            yield run_summary
            number += 1

    def _key_in(self, part: Part, chunk: int, number: int) -> RunKey:
        return RunKey(self._records.scenario, PARTS.index(part), chunk, number)


class RecordedStop(StopAsked):
    """Says when the time is over: where it was in an earlier session, if it was.

    Else it is not over before all has been asked for that earlier sessions ran.
    """

    def __init__(self, runner: RecordingJobRunner, records: RunRecords) -> None:
        super().__init__()
        self._runner = runner
        self._records = records

    def asked(self) -> bool:
        """Whether to stop now."""
        self._now = self._now or self._is_over()
        return self._now

    def _is_over(self) -> bool:
        if self._records.time_up is not None:
            return self._runner.place >= self._records.time_up
        if not self._records.answered or not super().asked():
            return False
        self._records.add_time_up(self._runner.place)
        return True


def _answered(turns: deque[_Turn]) -> Iterator[RunSummary]:
    while turns and turns[0].run_summary is not None:
        yield turns[0].run_summary
        turns.popleft()


def _finished(turns: deque[_ChunkTurn]) -> Iterator[ChunkPart]:
    while turns and turns[0].ended is not None:
        yield from turns[0].parts()
        turns.popleft()
