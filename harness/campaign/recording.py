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

from harness.campaign.arrivals import JobRunner
from harness.campaign.journal import Journal, Recorded, RecordedScenario
from harness.campaign.records import PARTS, ChunkLine, Part, Place, RunKey, Tables, TimeUpLine, shown
from harness.clock import real
from harness.errors import ReportError, misplaced
from harness.search.chunks import Chunk, ChunkEnded, ChunkPart, Reached, reached_by
from harness.search.digest import Digest, Job
from harness.search.guided import StopAsked

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
        self._kept: dict[int, tuple[RunKey, Digest]] = {}
        self._counted: list[Digest] = []
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

    def add(self, key: RunKey, digest: Digest) -> None:
        """A run ended. Its history comes first, so that no line tells of one that is not there."""
        if digest.history is not None:
            self._journal.keep_history(key, digest.history)
            self._kept[id(digest)] = key, digest
        self._journal.write(self._tables.line(key, digest, self.elapsed_s))

    def add_chunk(self, part: Part, chunk: int, came_to: ChunkEnded) -> None:
        """A chunk ended."""
        self._journal.write(ChunkLine(scenario=self.scenario, part=part, chunk=chunk, came_to=came_to))

    def ended_chunk(self, part: Part, chunk: int) -> ChunkEnded | None:
        """What an earlier session says of a chunk that ended."""
        return self._earlier.chunks.get((part, chunk))

    def answer(self, key: RunKey, job: Job) -> Digest | None:
        """The run at a place, where it is recorded. Raises ReportError where it is another one."""
        digest = self.at(key)
        if digest is not None and self._recorded is not None:
            if (digest.input_index, digest.plan) != job:
                expected = f"{shown(job)!r}, as the search comes to it now: the saga must be the same"
                found = shown((digest.input_index, digest.plan))
                raise ReportError(misplaced(self._recorded.where(key), found, expected))
            self._count_answer(key)
        return digest

    def drawn(self, key: RunKey) -> Digest | None:
        """The run at a place of a chunk. Its job is not known here: the worker draws it again."""
        digest = self.at(key)
        if digest is not None:
            self._count_answer(key)
        return digest

    def in_order(self) -> Iterator[Digest]:
        """All recorded runs that are counted, in the order of the campaign."""
        for key in sorted(self._earlier.runs):
            digest = self.at(key) if key.part in _SEARCHED else None
            if digest is not None:
                yield digest

    def at(self, key: RunKey) -> Digest | None:
        """The run at a place."""
        line = None if self._recorded is None else self._recorded.run(key)
        if line is None:
            return None
        digest = self._tables.digest(line, self._journal.history(key) if line.history else None)
        if digest.history:
            self._kept[id(digest)] = key, digest
        return digest

    def count(self, digest: Digest, needed: Callable[[], Iterable[Digest]]) -> None:
        """The turn of a run has come. Histories go that the report does not need after all."""
        if id(digest) in self._kept:
            self._counted.append(digest)
            if len(self._counted) >= MOST_HISTORIES:
                self._drop(self._counted, needed())

    def end(self, needed: Iterable[Digest]) -> None:
        """The search of the scenario came to its end: histories go that the report does not need."""
        self._drop([digest for _, digest in self._kept.values()], needed)

    def _drop(self, digests: Iterable[Digest], needed: Iterable[Digest]) -> None:
        ids = {id(digest) for digest in needed}
        for digest in digests:
            if id(digest) not in ids and id(digest) in self._kept:
                key, _ = self._kept.pop(id(digest))
                self._journal.drop_history(key)
        self._counted = [digest for digest in self._counted if id(digest) in self._kept]

    def _count_answer(self, key: RunKey) -> None:
        self._unanswered -= key.part in _SEARCHED
        self._check_answered()

    def _check_answered(self) -> None:
        if not self._unanswered and self._when_answered is not None:
            self._when_answered()
            self._when_answered = None


@dataclass(slots=True)
class _Turn:
    """A job whose turn in the order comes. digest: None while it runs."""

    digest: Digest | None


@dataclass(slots=True, eq=False)
class _ChunkTurn:
    """A chunk whose turn comes. recorded: its runs of earlier sessions. ended: where it ended then."""

    chunk: Chunk
    place: int
    recorded: list[Digest]
    ended: ChunkEnded | None
    ran: int = field(init=False)

    def __post_init__(self) -> None:
        self.ran = len(self.recorded)

    def parts(self) -> Iterator[ChunkPart]:
        """What was recorded, each once."""
        recorded, self.recorded = self.recorded, []
        for digest in recorded:
            yield self.chunk, digest
        if self.ended is not None:
            yield self.chunk, self.ended

    def left(self, deadline_s: float | None) -> Chunk:
        """What is to be run of it, with what was run already."""
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

    def __init__(self, inner: JobRunner, records: RunRecords) -> None:
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

    def run(self, jobs: Iterable[Job]) -> Iterator[Digest]:
        """In the order of the jobs; each is asked for only when it can be answered or run."""
        asked = iter(jobs)
        for job in asked:
            key = self._next_key()
            digest = self._records.answer(key, job)
            if digest is None:
                yield from self._run(chain([(key, job)], self._with_keys(asked)))
                return
            yield digest

    def _run(self, asked: Iterable[tuple[RunKey, Job]]) -> Iterator[Digest]:
        """From the first job on that is not recorded."""
        turns: deque[_Turn] = deque()
        keys: list[RunKey] = []

        def unrecorded() -> Iterator[Job]:
            for key, job in asked:
                turns.append(_Turn(self._records.answer(key, job)))
                if turns[-1].digest is None:
                    keys.append(key)
                    yield job

        for digest in self._inner.run(
            unrecorded(), lambda index, ended: self._records.add(keys[index], ended)
        ):
            yield from _answered(turns)
            turns.popleft()
            yield digest
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

        def arrived(chunk: Chunk, came: Digest | ChunkEnded) -> None:
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

    def _recorded_in(self, part: Part, place: int) -> Iterator[Digest]:
        number = 0
        while (digest := self._records.drawn(self._key_in(part, place, number))) is not None:
            yield digest
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


def _answered(turns: deque[_Turn]) -> Iterator[Digest]:
    while turns and turns[0].digest is not None:
        yield turns[0].digest
        turns.popleft()


def _finished(turns: deque[_ChunkTurn]) -> Iterator[ChunkPart]:
    while turns and turns[0].ended is not None:
        yield from turns[0].parts()
        turns.popleft()
