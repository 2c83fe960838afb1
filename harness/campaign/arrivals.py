"""How a job runner reports each run as it ends, before its turn in the order of the jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from harness.search.chunks import Chunk, ChunkEnded, ChunkPart, Reached
from harness.search.run_summary import Job, RunSummary

RunArrived = Callable[[int, RunSummary], None]
"""The index of a job, and its result."""

PartArrived = Callable[[Chunk, RunSummary | ChunkEnded], None]
"""A chunk, and a run of it or its end."""


class ReportingJobRunner(Protocol):
    """Runs jobs and chunks, in this process or in several."""

    def run(self, jobs: Iterable[Job], arrived: RunArrived) -> Iterator[RunSummary]:
        """In the order of the jobs."""

    def draw(
        self, chunks: Iterable[Chunk], known: tuple[Reached, ...], arrived: PartArrived
    ) -> Iterator[ChunkPart]:
        """In the order of the chunks."""


def nobody(_: object, __: object) -> None:
    """The runs in the order of the jobs."""
