"""Guided enumeration: faults only at call sites that the parent run reached, to depth K.

Level 0 is the fault-free run of each input, and each gets every single fault. Level k+1 adds one
fault to each run of level k that is equal to none before it (`harness.search.trace`): at a call site
that it reached once its own faults had struck. Where a fault of
n calls fired fewer than n times, more calls change nothing, and larger counts are skipped as equal.

What befalls the saga's own process comes first: every single blow, then each blow on the way back of a
run that one refusal turned back, then the other single faults and the ways back from them. A fault from
before a death is tried as gone after it, and as still there.

Idea: lineage of what was reached, not of what it depended on; after Molly (Alvaro et al., SIGMOD 2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from harness.clock import real
from harness.faults import KINDS
from harness.faults.unlocked import Possible, Unlocked
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.saga import Direction
from harness.search.digest import Digest, Executor, InputRef, Job
from harness.search.gaps import BY_PAUSE, could_strike_once_more

TURNS_BACK = "reject"
"""The kind that surely makes a saga undo what it did."""

MOST_TRIES = 3
"""Of a process fault within a pause: the saga may be quicker this time, and be gone when it is due."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Ladder:
    """One fault at one site, to be tried with growing counts."""

    input_index: InputRef
    parent: FaultPlan
    site: Site
    possible: Possible
    rung: int = 0
    tries: int = 1

    def job(self) -> Job:
        fault = Fault(
            kind=self.possible.kind.name,
            operation=self.site.operation,
            nth=self.site.nth,
            count=self.possible.kind.counts[self.rung],
            variant=self.possible.variant,
        )
        return self.input_index, self.parent.with_fault(fault)

    def climb(self, digest: Digest) -> bool:
        """Whether a larger count could differ; moves on to it. What came too late is tried again."""
        strikes = digest.strikes[-1]
        if not strikes and self.tries < MOST_TRIES and self.possible.variant in BY_PAUSE:
            self.tries += 1
            return True
        count = self.possible.kind.counts[self.rung]
        if isinstance(count, Lasting) or strikes < count or not could_strike_once_more(digest, count):
            return False
        self.rung += 1
        return self.rung < len(self.possible.kind.counts)


class GuidedSearch:
    """Yields digests as they come. `complete` and `left_out` tell afterwards what was not run."""

    def __init__(self, unlocked: Unlocked, inputs: int, depth: int) -> None:
        self._unlocked = unlocked
        self._inputs = inputs
        self._depth = depth
        self._seen: set[bytes] = set()
        self._begun: set[Job] = set()
        self.left_out_parts: Counter[str] = Counter()
        self.collapsed = 0

    @property
    def left_out(self) -> int:
        """Plans that time did not allow."""
        return self.left_out_parts.total()

    @property
    def complete(self) -> bool:
        """Whether every plan to the depth was run or is equal to one that was."""
        return self.left_out == 0

    def run(self, executor: Executor, stop: StopAsked) -> Iterator[Digest]:
        """Run level by level until done or `stop` says so."""
        parents: list[Digest] = []
        for digest in executor.run([(index, FaultPlan()) for index in range(self._inputs)]):
            yield digest
            self._seen.add(digest.trace)
            if not digest.violated:
                parents.append(digest)
        for level in range(self._depth):
            children: list[Digest] = []
            ladders = [ladder for parent in parents for ladder in self._ladders(parent)]
            for stage in _most_telling_first(ladders):
                for digest in self._climbed(stage, executor, stop):
                    yield digest
                    if self._is_new(digest):
                        children.append(digest)
                if level == 0:
                    yield from self._climbed(self._on_the_way_back(children), executor, stop)
            parents = children

    def _climbed(self, ladders: list[_Ladder], executor: Executor, stop: StopAsked) -> Iterator[Digest]:
        while ladders:
            higher: list[_Ladder] = []
            tried = 0
            jobs = stop.until(ladder.job() for ladder in ladders)
            for ladder, digest in zip(ladders, executor.run(jobs), strict=False):
                tried += 1
                yield digest
                if ladder.climb(digest):
                    higher.append(ladder)
            if tried < len(ladders):
                self.left_out_parts.update(_part(ladder) for ladder in (*ladders[tried:], *higher))
                return
            ladders = higher

    def _ladders(self, parent: Digest) -> list[_Ladder]:
        """One a site and fault; none that was begun before."""
        newest = len(parent.plan.faults) - 1
        sites = [site for site, struck in parent.sites if struck >= newest]
        return [*self._between(parent, newest), *self._at(sites, parent)]

    def _between(self, parent: Digest, newest: int) -> list[_Ladder]:
        """Process faults between two calls of a parent, once its newest fault had struck."""
        found = (
            ladder
            for gap in parent.gaps
            if gap.last >= newest
            for possible in self._unlocked.between(gap.site.operation, gap.variants)
            for ladder in _beside(parent, gap.site, possible)
        )
        return [ladder for ladder in found if self._is_first(ladder)]

    def _on_the_way_back(self, digests: list[Digest]) -> list[_Ladder]:
        """Blows at the undos of runs that one fault turned back: one run for each way back from a call."""
        ways: dict[tuple[InputRef, str, tuple[Site, ...]], Digest] = {}
        for digest in digests:
            undos = tuple(site for site, _ in digest.sites if self._undoes(site))
            fault = digest.plan.faults[0]
            if undos and not digest.violated and KINDS[fault.kind].blow is None:
                # The same undos after another failure: there a step is done that is in doubt here.
                ways.setdefault((digest.input_index, fault.operation, undos), digest)
        return [
            ladder
            for (_, _, undos), digest in ways.items()
            for ladder in (*self._between(digest, 0), *self._at(undos, digest, blows_only=True))
        ]

    def _at(self, sites: Iterable[Site], parent: Digest, *, blows_only: bool = False) -> list[_Ladder]:
        """What may strike there beside the faults of the parent, less what was begun before."""
        found = (
            ladder
            for site in sites
            for possible in self._unlocked.possible[site.operation]
            if possible.kind.blow is not None or not blows_only
            for ladder in _beside(parent, site, possible)
        )
        return [ladder for ladder in found if self._is_first(ladder)]

    def _undoes(self, site: Site) -> bool:
        return self._unlocked.target(site.operation).direction is Direction.COMPENSATION

    def _is_first(self, ladder: _Ladder) -> bool:
        job = ladder.job()
        if job in self._begun:
            return False
        self._begun.add(job)
        return True

    def _is_new(self, digest: Digest) -> bool:
        """Whether its trace was not seen before; a run whose newest fault did not fire is its parent's."""
        if digest.strikes and not digest.strikes[-1]:
            return False
        if digest.trace in self._seen:
            self.collapsed += 1
            return False
        self._seen.add(digest.trace)
        return True


def _most_telling_first(ladders: list[_Ladder]) -> Iterator[list[_Ladder]]:
    """What befalls the process, then what surely turns back, then the rest; all at once without blows."""
    blows = [one for one in ladders if one.possible.kind.blow is not None]
    if not blows:
        yield ladders
        return
    refusals = [one for one in ladders if one.possible.kind.name == TURNS_BACK]
    others = [one for one in ladders if one.possible.kind.blow is None]
    rest = [one for one in others if one.possible.kind.name != TURNS_BACK]
    yield from (blows, refusals, rest)


def _beside(parent: Digest, site: Site, possible: Possible) -> Iterator[_Ladder]:
    """A fault beside those of the parent; a death also with the newest of them as it outlasts it, or not."""
    plans = [parent.plan]
    blow = possible.kind.blow
    if blow is not None and blow.kills and parent.plan.faults:
        plans += _outlasting(parent.plan)
    for plan in plans:
        yield _Ladder(input_index=parent.input_index, parent=plan, site=site, possible=possible)


def _part(ladder: _Ladder) -> str:
    """What part of the search a plan belongs to, in words."""
    faults = len(ladder.parent.faults) + 1
    blow = ladder.possible.kind.blow is not None
    if faults == 1:
        return "single blows" if blow else "single faults"
    if faults > 2:
        return f"plans of {faults} faults"
    return "blows after a fault" if blow else "pairs of faults"


def _outlasting(plan: FaultPlan) -> Iterator[FaultPlan]:
    *earlier, newest = plan.faults
    if Lasting.FOR_EVER not in KINDS[newest.kind].counts or newest.count is Lasting.UNTIL_RESTART:
        return
    gone = newest.count is Lasting.FOR_EVER
    lasting = Lasting.UNTIL_RESTART if gone else Lasting.FOR_EVER
    yield FaultPlan((*earlier, replace(newest, count=lasting)))


class StopAsked:
    """Says when the time for a search is over. `deadline_s`: on the machine's monotonic clock."""

    def __init__(self, deadline_s: float | None = None) -> None:
        self.deadline_s = deadline_s
        self._now = False

    def now(self) -> None:
        """What was searched for is found."""
        self._now = True

    def asked(self) -> bool:
        """Whether to stop now."""
        return self._now or (self.deadline_s is not None and real.monotonic_s() >= self.deadline_s)

    def until(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """The jobs, up to when time is over."""
        for job in jobs:
            if self.asked():
                return
            yield job
