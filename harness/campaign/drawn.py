"""A chunk on its way through a worker: its runs so far, and what is lost when its worker dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from harness.campaign.arrivals import PartArrived, nobody
from harness.search.chunks import Chunk, ChunkEnded, ChunkPart, Reached, RunBegins, reached_by
from harness.search.run_summary import Job, RunSummary

MOST_LOST = 3
"""How many workers may die of one chunk."""


class Drawing:
    """running: what was begun and has not come back. ended: nothing more comes.

    arrived: called with each part as it comes.
    """

    def __init__(self, chunk: Chunk, arrived: PartArrived = nobody) -> None:
        self._arrived = arrived
        self.running: Job | None = None
        self.ended = False
        self._chunk = chunk
        self._done: list[Reached] = []
        self._waiting: deque[RunSummary | ChunkEnded] = deque()
        self._lost = 0

    @property
    def chunk(self) -> Chunk:
        """With what was run so far, so that another worker goes on from there."""
        return msgspec.structs.replace(self._chunk, done=(*self._chunk.done, *self._done))

    def take(self, message: object) -> None:
        """What the worker said."""
        if isinstance(message, RunBegins):
            self.running = message.input_index, message.plan
        elif isinstance(message, RunSummary):
            self.running = None
            self._ran(message)
        elif isinstance(message, ChunkEnded):
            self._end(message)

    def lost(self, run_summary: RunSummary) -> None:
        """The worker is lost with a run, of which this is what is known. Too many end the chunk."""
        self.running = None
        self._lost += 1
        self._ran(run_summary)
        if self._lost > MOST_LOST:
            self._end(ChunkEnded(left_out=self._chunk.examples))

    def parts(self) -> Iterator[ChunkPart]:
        """What has come since this was last asked."""
        while self._waiting:
            yield self._chunk, self._waiting.popleft()

    def _ran(self, run_summary: RunSummary) -> None:
        self._arrived(self._chunk, run_summary)
        self._waiting.append(run_summary)
        self._done.append(reached_by(run_summary))

    def _end(self, came: ChunkEnded) -> None:
        self._arrived(self._chunk, came)
        self._waiting.append(came)
        self.ended = True
