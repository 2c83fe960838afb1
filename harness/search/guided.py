"""Guided enumeration: faults only at call sites that a run reached, to depth K.

The fault-free run of each input comes first, and gets every single fault. *Every single fault* means at
every operation that any run reached: so each run that aborted in a way of its own gets every fault at
the undos and queries on that way, and what only other runs reached gets them there. Then each run that is
equal to none before it (`harness.search.trace`) gets one fault more, level by level, at a call that it
made once its own faults had struck. What comes first is said by `harness.search.agenda`, how long a fault
lasts by `harness.search.counts`.

A run that violated something may hide a second violation that one fault more would show. So further faults
are added to it too, after those of all other runs of the same level. None are added to a run that was
ended early, to one that was not judged, and to a fault-free run that fails. In plans of several faults one
variant of a kind may stand for another (`harness.search.siblings`).

Idea: lineage of what was reached, not of what it depended on; after Molly (Alvaro et al., SIGMOD 2015).
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import msgspec

from harness.clock import real
from harness.faults.enabled import EnabledFaults, Possible
from harness.inputs import InputRef
from harness.plan import FaultPlan, Site
from harness.search.again import MOST_TRIES, Again
from harness.search.agenda import SINGLE, SINGLES, Agenda, Planned, Rank, fault_at, in_turns, part_of
from harness.search.counts import (
    gone_with_it,
    is_last_there,
    open_sites,
    other_counts,
    outlasting,
    revived,
)
from harness.search.gaps import BY_PAUSE
from harness.search.run_summary import Job, JobRunner, RunSummary
from harness.search.siblings import Siblings
from harness.search.workload import Workload

ABORTS = "reject"
"""The kind that surely makes a saga undo what it did."""


PLANNED_AHEAD = 1000
"""Plans of a level that are made at once: what they are must not depend on which runs have ended by then."""


@dataclass(slots=True, eq=False)
class _Equal:
    """Runs that are equal, the first of them apart. covered: sites at which further faults are added."""

    covered: set[Site] = field(default_factory=set)
    others: list[RunSummary] = field(default_factory=list)


class GuidedSearch:
    """Yields run summaries as they come. `left_out_parts` and `complete` tell afterwards what was not run.

    workload: how much is done, and about how much is ahead.

    collapsed: runs to which no fault was added, for they were equal to one before them, or a sibling's was.
    """

    def __init__(self, enabled: EnabledFaults, inputs: int, depth: int) -> None:
        self._enabled = enabled
        self._kinds = {kind.name: kind for kind in enabled.kinds()}
        self._inputs = inputs
        self._depth = depth
        self._agenda = Agenda()
        self._begun: set[Job] = set()
        self._stopped = False
        self._roots: dict[InputRef, RunSummary] = {}
        self._equal: dict[bytes, _Equal] = {}
        self._open: dict[int, list[tuple[RunSummary, Sequence[Site]]]] = defaultdict(list)
        self._ways: dict[tuple[InputRef, str, tuple[Site, ...]], Rank] = {}
        self._struck: set[str] = set()
        self._again = Again()
        self._siblings = Siblings()
        self._reached: dict[str, tuple[RunSummary, Site]] = {}
        self._early: list[tuple[Planned, RunSummary]] = []
        self._skipped: Counter[str] = Counter()
        self.workload = Workload(depth)
        self.collapsed = 0

    @property
    def left_out_parts(self) -> Counter[str]:
        """The plans that time did not allow, as far as they were known, by part of the search."""
        left_out = self._skipped + self._agenda.parts()
        if self._stopped:
            left_out.update({part_of(phase): number for phase, number in self.workload.unopened().items()})
        return left_out

    @property
    def left_out(self) -> int:
        """Plans that time did not allow, as far as they were known."""
        return self.left_out_parts.total()

    @property
    def complete(self) -> bool:
        """Whether every plan to the depth was run, is equal to one that was, or has a sibling for it."""
        return not self._stopped

    @property
    def singles_complete(self) -> bool:
        """Whether every single fault was tried at every operation that a run reached."""
        return self._depth > 0 and not any(part.startswith(SINGLE) for part in self.left_out_parts)

    def run(self, job_runner: JobRunner, stop: StopAsked) -> Iterator[RunSummary]:
        """Run until done or `stop` says so."""
        yield from self.singles(job_runner, stop)
        yield from self.deeper(job_runner, stop)

    def singles(self, job_runner: JobRunner, stop: StopAsked) -> Iterator[RunSummary]:
        """The fault-free runs, and every single fault."""
        for run_summary in job_runner.run([(index, FaultPlan()) for index in range(self._inputs)]):
            yield run_summary
            if not (run_summary.violated or run_summary.void):
                self._roots[run_summary.input_index] = run_summary
                self._keep(run_summary)
        if not self._depth:
            return
        for root in self._roots.values():
            self._plan_singles(root)
        yield from self._work_off(SINGLES, job_runner, stop)
        self._tell_apart_early_ones()

    def deeper(self, job_runner: JobRunner, stop: StopAsked) -> Iterator[RunSummary]:
        """Two faults and more, once the single ones were searched."""
        for level in range(2, self._depth + 1):
            if not self._stopped:
                yield from self._level(level, job_runner, stop)

    def overhear(self, run_summaries: Iterable[RunSummary]) -> Iterator[RunSummary]:
        """The run summaries of another search; what they reached is struck by `rest`."""
        for run_summary in run_summaries:
            yield run_summary
            if self._depth and not (run_summary.violated or run_summary.void):
                self._note_reached(run_summary)

    def rest(self, job_runner: JobRunner, stop: StopAsked) -> Iterator[RunSummary]:
        """Every fault at operations that only another search reached."""
        yield from self._work_off(SINGLES, job_runner, stop)

    # Running ----------------------------------------------------------------------------------

    def _level(self, level: int, job_runner: JobRunner, stop: StopAsked) -> Iterator[RunSummary]:
        self.workload.begin(level)
        for violated in (False, True):
            for aborts in (True, False):
                plans = self._added(level, violated=violated, aborts=aborts)
                while batch := list(islice(plans, PLANNED_AHEAD)):
                    yield from self._batch(batch, job_runner, stop)
            yield from self._work_off(level, job_runner, stop)

    def _work_off(self, phase: int, job_runner: JobRunner, stop: StopAsked) -> Iterator[RunSummary]:
        while True:
            if not self._agenda.has(SINGLES, Rank.LATECOMERS):
                self._plan_latecomers()
            if not self._agenda.has(SINGLES, Rank.LATECOMERS):
                self._plan_again()
            if self._stopped or not self._agenda.has(phase):
                return
            yield from self._batch(self._agenda.take(), job_runner, stop)

    def _batch(
        self, batch: Iterable[Planned], job_runner: JobRunner, stop: StopAsked
    ) -> Iterator[RunSummary]:
        plans = iter(batch)
        sent: deque[Planned] = deque()
        for run_summary in job_runner.run(self._jobs(plans, sent, stop)):
            yield run_summary
            self._learn(sent.popleft(), run_summary)
        self._skipped.update(planned.part for planned in plans)

    def _jobs(self, plans: Iterator[Planned], sent: deque[Planned], stop: StopAsked) -> Iterator[Job]:
        while not self._stopped:
            self._stopped = stop.asked()
            planned = None if self._stopped else next(plans, None)
            if planned is None:
                return
            sent.append(planned)
            yield planned.job

    # Learning ---------------------------------------------------------------------------------

    def _learn(self, planned: Planned, run_summary: RunSummary) -> None:
        """Add the plans that a run leads to. A process fault that came too late is tried again."""
        self.workload.ran(planned)
        self._again.note(planned, run_summary)
        if not run_summary.strikes[-1] and planned.newest.variant in BY_PAUSE and planned.tries < MOST_TRIES:
            self._wait(replace(planned, tries=planned.tries + 1))
        for plan in other_counts(run_summary, planned.parent, self._kinds):
            self._add(planned.with_counts(plan))
        for plan in outlasting(run_summary, self._kinds) if _kills(planned.newest) else ():
            self._add(replace(planned, plan=plan))
        if planned.phase == SINGLES:
            self._siblings.note(planned, run_summary)
        if run_summary.void or run_summary.cut_short:
            return
        if run_summary.violated:
            run_summary = msgspec.structs.replace(
                run_summary, history=None
            )  # thousands of them may be kept here
        else:
            self._note_reached(run_summary)
        if planned.phase == SINGLES:
            self._plan_compensating(planned, run_summary)
            self._early.append((planned, run_summary))
        else:
            self._tell_apart(planned, run_summary)
        if len(run_summary.plan.faults) < self._depth and run_summary.strikes[-1]:
            if self._siblings.is_stood_for(planned, run_summary):
                self.collapsed += 1
            else:
                self._keep(run_summary)

    def _keep(self, run_summary: RunSummary) -> None:
        """Add further faults to a run that is equal to none before it, or where those got none."""
        equal = self._equal.get(run_summary.trace)
        if equal is None:
            equal = self._equal[run_summary.trace] = _Equal()
        else:
            self.collapsed += 1
            equal.others.append(run_summary)
        new = not equal.covered and not equal.others
        sites = [site for site in open_sites(run_summary) if site not in equal.covered]
        if sites or (new and run_summary.gaps):
            equal.covered.update(sites)
            faults = len(run_summary.plan.faults)
            self._open[faults].append((run_summary, sites))
            self.workload.opened(faults + 1, self._size(run_summary, sites))

    def _tell_apart_early_ones(self) -> None:
        """Called once it is known which single faults make equal runs."""
        for planned, run_summary in self._early:
            self._tell_apart(planned, run_summary)
        self._early = []

    def _tell_apart(self, planned: Planned, run_summary: RunSummary) -> None:
        """What was equal to the parent may be so no more once the newest fault has struck."""
        if not self._siblings.meets_others(planned.newest):
            return
        equal = self._equal.get(planned.parent.trace)
        for other in equal.others if equal is not None else ():
            if other is planned.parent or len(other.plan.faults) >= self._depth:
                continue
            for plan in revived(other, run_summary, self._kinds):
                self._add(
                    Planned(
                        input_index=planned.input_index,
                        plan=plan,
                        parent=other,
                        newest=planned.newest,
                        phase=len(plan.faults),
                        rank=Rank.COUNTED,
                    )
                )

    def _note_reached(self, run_summary: RunSummary) -> None:
        for site in open_sites(run_summary):
            self._reached.setdefault(site.operation, (run_summary, site))

    # Planning ---------------------------------------------------------------------------------

    def _plan_singles(self, root: RunSummary) -> None:
        self._note_reached(root)
        for site in open_sites(root):
            self._plan_at(site, root, self._rank(site.operation))
        for site, possible in self._between(root):
            self._plan(site, possible, root, self._rank(site.operation))

    def _rank(self, operation: str) -> Rank:
        return Rank.DECISIVE if operation in self._enabled.decisive else Rank.OTHERS

    def _between(self, parent: RunSummary) -> Iterator[tuple[Site, Possible]]:
        """Process faults between two calls of a parent, once its newest fault had struck."""
        for gap in parent.gaps:
            if gap.last >= len(parent.plan.faults) - 1:
                for possible in self._enabled.between(gap.site.operation, gap.variants):
                    yield gap.site, possible

    def _plan_compensating(self, planned: Planned, run_summary: RunSummary) -> None:
        """Every fault at the undos and queries of a run that one fault aborted, once for each path."""
        if len(run_summary.plan.faults) > 1 or planned.newest.kind.process_fault is not None:
            return
        root = self._roots.get(run_summary.input_index)
        if root is None:
            return
        usual = {site for site, _ in root.sites}
        forward = {site.operation for site in usual if self._enabled.is_action(site.operation)}
        way = tuple(
            site for site in open_sites(run_summary) if site not in usual and site.operation not in forward
        )
        # The same way after another failure is another one: there a step is done that is in doubt here.
        mark = (run_summary.input_index, planned.newest.operation, way)
        rank = Rank.VIOLATED if run_summary.violated else Rank.UNDOS
        if self._ways.get(mark, Rank.LAST) > rank:
            self._ways[mark] = rank
            for site in way:
                self._plan_at(site, run_summary, rank)
            for site, possible in self._between(run_summary) if way else ():
                self._plan(site, possible, run_summary, rank)

    def _plan_latecomers(self) -> None:
        """Every fault at operations that were reached, and that nothing was sent to yet."""
        for operation, (run_summary, site) in self._reached.items():
            if operation not in self._struck:
                self._plan_at(site, run_summary, Rank.LATECOMERS)

    def _plan_again(self) -> None:
        for planned in self._again.due() if self._enabled.real_time else ():
            self._wait(planned)

    def _plan_at(self, site: Site, parent: RunSummary, rank: Rank) -> None:
        """Everything that may strike there, once."""
        self._struck.add(site.operation)
        forward = rank in (Rank.DECISIVE, Rank.OTHERS)
        for possible in self._enabled.possible[site.operation]:
            if forward and possible.kind.name == ABORTS:
                self._plan(site, possible, parent, Rank.ABORTS)
            elif forward and self._enabled.strikes_the_service(possible):
                self._plan(site, possible, parent, Rank.OWN_SERVICES)
            else:
                self._plan(site, possible, parent, rank)

    def _plan(self, site: Site, possible: Possible, parent: RunSummary, rank: Rank) -> None:
        self._add(_beside(parent, site, possible, SINGLES, rank))

    def _added(self, level: int, *, violated: bool, aborts: bool) -> Iterator[Planned]:
        """One fault more for each run that gets one; what surely makes a saga abort comes first."""
        for run_summary, sites in self._open[level - 1]:
            if bool(run_summary.violated) is not violated:
                continue
            at_calls = ((site, one) for site in sites for one in self._enabled.possible[site.operation])
            found = [
                _beside(run_summary, site, possible, level, Rank.OTHERS)
                for site, possible in chain(self._between(run_summary), at_calls)
                if (possible.kind.name == ABORTS) is aborts
                and not (possible.kind.after_site and is_last_there(run_summary, site))
            ]
            for planned in in_turns(found):
                if self._siblings.meets_others(planned.newest) and self._is_first(planned):
                    yield planned
                else:
                    self.workload.passed_over(level)

    def _size(self, run_summary: RunSummary, sites: Sequence[Site]) -> int:
        """How many plans `_added` makes of a run."""
        at_calls = (
            not (one.kind.after_site and is_last_there(run_summary, site))
            for site in sites
            for one in self._enabled.possible[site.operation]
        )
        return sum(at_calls) + sum(1 for _ in self._between(run_summary))

    def _add(self, planned: Planned) -> None:
        if self._is_first(planned):
            self._wait(planned)

    def _wait(self, planned: Planned) -> None:
        self._agenda.add(planned)
        self.workload.found(planned)

    def _is_first(self, planned: Planned) -> bool:
        if planned.job in self._begun:
            return False
        self._begun.add(planned.job)
        return True


def _beside(parent: RunSummary, site: Site, possible: Possible, phase: int, rank: Rank) -> Planned:
    """A fault beside those of the parent; where it is a death, what lasts for ever ends with it at first."""
    plan = gone_with_it(parent.plan) if _kills(possible) else parent.plan
    return Planned(
        input_index=parent.input_index,
        plan=plan.with_fault(fault_at(possible, site)),
        parent=parent,
        newest=possible,
        phase=phase,
        rank=rank,
    )


def _kills(possible: Possible) -> bool:
    return possible.kind.process_fault is not None and possible.kind.process_fault.kills


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
