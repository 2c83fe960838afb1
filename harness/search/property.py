"""Hypothesis over faults and inputs: goes deeper than guided search, where runs have led, and shrinks.

Owns dividing the examples into chunks, adding up their results, and which chunk is run again to
shrink what it found. Hypothesis tells failures apart by type, so each invariant is shrunk on its own.
What guided search found is not shrunk again: Hypothesis would spend its examples on what is as small as
it gets. Refuses to draw (`harness.search.drawing` does, in a worker).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

import msgspec

from harness.saga import Overlap
from harness.search.chunks import Chunk, ChunkEnded, ChunkRunner, Reached, chunks_of, reached_by
from harness.search.guided import StopAsked
from harness.search.run_summary import RunSummary

MOST_SHRINK_RUNS = {"sim": 300, "wire": 12}
"""Spent on shrinking one counterexample. What `minimise` does to it afterwards is not counted."""


class PropertySearch:
    """Runs `examples` plans, drawn by Hypothesis from a seed. `came_to` says what became of them.

    known: runs of guided search. `came_to.left_out` counts examples that time did not allow.
    """

    def __init__(
        self,
        world: str,
        *,
        examples: int,
        seed: int | None,
        known: Iterable[Reached] = (),
        overlap: Overlap | None = None,
    ) -> None:
        self.world = world
        self._examples = examples
        self._overlap = overlap
        self._seed = seed or 0
        self._known = tuple(known)
        self._done: dict[int, list[Reached]] = defaultdict(list)
        self.came_to = ChunkEnded()

    def run(
        self, job_runner: ChunkRunner, stop: StopAsked, *, until_first: bool = False
    ) -> Iterator[RunSummary]:
        """Draw and run, as long as time allows."""
        chunks = list(
            chunks_of(
                self._examples,
                self.world,
                seed=self._seed,
                deadline_s=stop.deadline_s,
                until_first=until_first,
                overlap=self._overlap,
            )
        )
        begun = (chunk for chunk in chunks if not stop.asked())
        waiting = {chunk.number: chunk.examples for chunk in chunks}
        for chunk, came in job_runner.draw(begun, self._known):
            if isinstance(came, RunSummary):
                self._done[chunk.number].append(reached_by(came))
                yield came
            else:
                del waiting[chunk.number]
                self._add(came)
        self._add(ChunkEnded(left_out=sum(waiting.values())))

    def shrink(self, job_runner: ChunkRunner, invariants: Collection[str]) -> Iterator[RunSummary]:
        """Run the first chunk that violated each of these invariants again, and let Hypothesis shrink it."""
        chunks = [chunk for id_ in invariants for chunk in self._first_with(id_)]
        for _, came in job_runner.draw(chunks, self._known):
            if isinstance(came, RunSummary):
                yield came

    def _first_with(self, invariant: str) -> Iterator[Chunk]:
        for chunk in chunks_of(self._examples, self.world, seed=self._seed, overlap=self._overlap):
            done = self._done[chunk.number]
            if any(invariant in one.violated for one in done):
                again = {"done": tuple(done), "shrink": invariant, "most_runs": MOST_SHRINK_RUNS[self.world]}
                yield msgspec.structs.replace(chunk, **again)
                return

    def _add(self, came: ChunkEnded) -> None:
        both = zip(msgspec.structs.astuple(self.came_to), msgspec.structs.astuple(came), strict=True)
        self.came_to = ChunkEnded(**dict(zip(ChunkEnded.__struct_fields__, map(sum, both), strict=True)))
