"""Guided enumeration: faults only at call sites that the parent run reached, to depth K.

Level 0 is the fault-free run of each input, and each gets every single fault. Level k+1 adds one
fault to each run of level k whose calls, effects and held requests were seen for the first time,
whatever its input: at a call site that it reached once its own faults had struck. Where a fault of
n calls fired fewer than n times, more calls change nothing, and larger counts are skipped as equal.

Idea: lineage of what was reached, not of what it depended on; after Molly (Alvaro et al., SIGMOD 2015).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.clock import real
from harness.faults.unlocked import Possible, Unlocked
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.search.digest import Digest, Executor, Job


@dataclass(slots=True, kw_only=True)
class _Ladder:
    """One fault at one site, to be tried with growing counts."""

    input_index: int
    parent: FaultPlan
    site: Site
    possible: Possible
    rung: int = 0

    def job(self) -> Job:
        fault = Fault(
            kind=self.possible.kind.name,
            operation=self.site.operation,
            nth=self.site.nth,
            count=self.possible.kind.counts[self.rung],
            variant=self.possible.variant,
        )
        return self.input_index, self.parent.with_fault(fault)

    def climb(self, strikes: int) -> bool:
        """Whether a larger count could differ; moves on to it."""
        count = self.possible.kind.counts[self.rung]
        if isinstance(count, Lasting) or strikes < count:
            return False
        self.rung += 1
        return self.rung < len(self.possible.kind.counts)


class GuidedSearch:
    """Yields digests as they come. `complete` and `left_out` tell afterwards what was not run.

    every_input: single faults for each input, or only for those whose fault-free runs differ, which
    is what a world can afford where runs take real seconds.
    """

    def __init__(self, unlocked: Unlocked, inputs: int, depth: int, *, every_input: bool = True) -> None:
        self._unlocked = unlocked
        self._inputs = inputs
        self._depth = depth
        self._every_input = every_input
        self._seen: set[bytes] = set()
        self.left_out = 0
        self.collapsed = 0

    @property
    def complete(self) -> bool:
        """Whether every plan to the depth was run or is equal to one that was."""
        return self.left_out == 0

    def run(self, executor: Executor, stop: StopAsked) -> Iterator[Digest]:
        """Run level by level until done or `stop` says so."""
        parents: list[Digest] = []
        for digest in executor.run([(index, FaultPlan()) for index in range(self._inputs)]):
            yield digest
            known = digest.trace in self._seen
            self._seen.add(digest.trace)
            if not digest.violated and (self._every_input or not known):
                parents.append(digest)
        for _ in range(self._depth):
            children: list[Digest] = []
            for digest in self._level(parents, executor, stop):
                yield digest
                if self._is_new(digest):
                    children.append(digest)
            parents = children

    def _level(self, parents: list[Digest], executor: Executor, stop: StopAsked) -> Iterator[Digest]:
        ladders = [ladder for parent in parents for ladder in self._ladders(parent)]
        while ladders:
            higher: list[_Ladder] = []
            tried = 0
            jobs = stop.until(ladder.job() for ladder in ladders)
            for ladder, digest in zip(ladders, executor.run(jobs), strict=False):
                tried += 1
                yield digest
                if ladder.climb(digest.strikes[-1]):
                    higher.append(ladder)
            if tried < len(ladders):
                self.left_out += len(ladders) - tried + len(higher)
                return
            ladders = higher

    def _ladders(self, parent: Digest) -> Iterator[_Ladder]:
        newest = len(parent.plan.faults) - 1
        for site, struck in parent.sites:
            if struck < newest:
                continue
            for possible in self._unlocked.possible[site.operation]:
                yield _Ladder(
                    input_index=parent.input_index, parent=parent.plan, site=site, possible=possible
                )

    def _is_new(self, digest: Digest) -> bool:
        """Whether its trace was not seen before; a run whose newest fault did not fire is its parent's."""
        if digest.strikes and not digest.strikes[-1]:
            return False
        if digest.trace in self._seen:
            self.collapsed += 1
            return False
        self._seen.add(digest.trace)
        return True


class StopAsked:
    """Says when the time for a search is over."""

    def __init__(self, deadline_s: float | None = None) -> None:
        self._deadline_s = deadline_s

    def asked(self) -> bool:
        """Whether to stop now."""
        return self._deadline_s is not None and real.monotonic_s() >= self._deadline_s

    def until(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """The jobs, up to when time is over."""
        for job in jobs:
            if self.asked():
                return
            yield job
