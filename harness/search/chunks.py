"""The examples of Hypothesis in chunks: pure data that travels to a worker process and back.

A chunk is a Hypothesis run of its own, with a seed of its own, and one worker runs it whole. So what
is drawn depends on the seed and on the number of examples, and never on the number of workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from harness.inputs import InputRef
from harness.plan import FaultPlan, Site
from harness.saga import Overlap
from harness.search.gaps import Gap
from harness.search.run_summary import JobRunner, RunSummary

EXAMPLES = {"sim": 50, "wire": 5}
"""Of one chunk. On the wire runs wait more than they work, and many go side by side."""


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What drawing has to know of a run: how far it came, and whether every fault of it fired.

    gaps: see `harness.search.gaps`.
    """

    input_index: InputRef
    plan: FaultPlan
    sites: tuple[tuple[Site, int], ...]
    fired: bool
    violated: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def open_gaps(self) -> dict[Site, tuple[str, ...]]:
        """Moments between two calls at which a process fault can strike, once the newest fault had struck."""
        newest = len(self.plan.faults) - 1
        found: dict[Site, tuple[str, ...]] = {}
        for gap in self.gaps:
            if gap.last >= newest:
                found[gap.site] = (*found.get(gap.site, ()), *gap.variants)
        return found

    @property
    def open_sites(self) -> tuple[Site, ...]:
        """Those that nothing struck, once the newest fault had."""
        newest = len(self.plan.faults) - 1
        return tuple(site for site, struck in self.sites if struck >= newest)


def reached_by(run_summary: RunSummary) -> Reached:
    """What drawing has to know of a run."""
    return Reached(
        input_index=run_summary.input_index,
        plan=run_summary.plan,
        sites=run_summary.sites,
        fired=all(run_summary.strikes) and not run_summary.void,
        violated=run_summary.violated,
        gaps=run_summary.gaps,
    )


class KnownRuns:
    """Gathers what drawing may build on: fault-free runs, and those of a single fault."""

    def __init__(self) -> None:
        self.runs: list[Reached] = []
        self._sites: dict[Site, Site] = {}

    def watch(self, run_summaries: Iterable[RunSummary]) -> Iterator[RunSummary]:
        """The same run summaries."""
        for run_summary in run_summaries:
            if len(run_summary.plan.faults) <= 1:
                self.runs.append(self._shared(reached_by(run_summary)))
            yield run_summary

    def _shared(self, reached: Reached) -> Reached:
        """With each site once in memory, and in what is sent to workers."""
        sites = tuple((self._sites.setdefault(site, site), struck) for site, struck in reached.sites)
        return msgspec.structs.replace(reached, sites=sites)


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A share of the examples.

    seed: of the whole search. deadline_s: on the machine's monotonic clock. until_first: end it at
    the first violation. overlap: several sagas may be drawn for a run. done: runs of this chunk that were
    made before, and are not made again.
    shrink: the id of an invariant to look for and to shrink, in at most `most_runs` runs.
    """

    number: int
    seed: int
    examples: int
    world: str
    deadline_s: float | None = None
    until_first: bool = False
    done: tuple[Reached, ...] = ()
    overlap: Overlap | None = None
    shrink: str | None = None
    most_runs: int | None = None

    @property
    def own_seed(self) -> int:
        """Of its Hypothesis run."""
        text = f"{self.seed}:{self.number}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


def chunks_of(
    examples: int,
    world: str,
    *,
    seed: int,
    deadline_s: float | None = None,
    until_first: bool = False,
    overlap: Overlap | None = None,
) -> Iterator[Chunk]:
    """All examples, in chunks."""
    for number, first in enumerate(range(0, examples, EXAMPLES[world])):
        yield Chunk(
            number=number,
            seed=seed,
            examples=min(EXAMPLES[world], examples - first),
            world=world,
            deadline_s=deadline_s,
            until_first=until_first,
            overlap=overlap,
        )


class RunBegins(msgspec.Struct, frozen=True, kw_only=True):
    """A worker is about to run this, and may be lost with it."""

    input_index: InputRef
    plan: FaultPlan


class ChunkEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a chunk.

    plans: those that were drawn and run. all_fired: of these, those whose faults all fired;
    three_or_more: those of which three faults or more fired. dropped: drawn faults that did not fire, and
    were taken out of their plan again. left_out: examples that time did not allow.
    """

    plans: int = 0
    all_fired: int = 0
    three_or_more: int = 0
    dropped: int = 0
    left_out: int = 0


Event = RunBegins | RunSummary | ChunkEnded

ChunkPart = tuple[Chunk, RunSummary | ChunkEnded]


class ChunkRunner(JobRunner, Protocol):
    """A job runner that also draws."""

    def draw(self, chunks: Iterable[Chunk], known: tuple[Reached, ...]) -> Iterator[ChunkPart]:
        """Run chunks whole; their results come chunk by chunk, in order.

        known: runs of other searches, which need not be made again, and are no examples.
        """
