"""Interleavings of several sagas: every preemption at the calls that runs reached, one and then one more.

First the sagas one after the other, all with the same input and, where there are several, the first two with
each pair of different ones; also with one step of one saga refused, so that another saga can meet
what is undone later. Then each of these with one preemption: a saga is held at each of its calls while
another one runs to its end, or to each of its own calls. Then one preemption more behind the newest, level by
level; few preemptions show most races (Musuvathi and Qadeer, PLDI 2007). Refuses to draw: Hypothesis adds
preemptions to faults (`harness.search.drawing`).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import permutations

from harness.faults.enabled import EnabledFaults
from harness.inputs import InputRef
from harness.plan import Fault, FaultPlan, Preemption, Site
from harness.saga import Overlap
from harness.scenario import Scenario
from harness.search.guided import ABORTS, StopAsked
from harness.search.run_summary import Job, JobRunner, RunSummary

Sites = Sequence[tuple[Site, int]]
"""Those of a run summary: each with the index of the last fault that had struck by then."""


class Interleavings:
    """Yields run summaries as they come; `left_out_parts` and `runs` tell afterwards what became of it."""

    def __init__(self, enabled: EnabledFaults, scenario: Scenario, overlap: Overlap) -> None:
        self._enabled = enabled
        self._scenario = scenario
        self._overlap = overlap
        self.left_out_parts: Counter[str] = Counter()
        self.runs = 0

    def run(self, job_runner: JobRunner, stop: StopAsked) -> Iterator[RunSummary]:
        """Run until done or `stop` says so."""
        one_by_one = list(self._one_by_one())
        roots: list[RunSummary] = []
        yield from self._level(one_by_one, "sagas one after the other", roots, job_runner, stop)
        refused = [job for root in roots for job in self._refused(root)]
        yield from self._level(refused, "sagas one after the other", roots, job_runner, stop)
        for level in range(1, self._overlap.preemptions + 1):
            jobs = [job for root in roots for job in self._next(root)]
            roots = []
            part = f"interleavings with {level} preemption{'' if level == 1 else 's'}"
            yield from self._level(jobs, part, roots, job_runner, stop)

    def _one_by_one(self) -> Iterator[Job]:
        plan, given = FaultPlan(sagas=self._overlap.sagas), self._scenario.all_inputs
        for mix in mixed(self._scenario.overlapping, self._overlap.sagas):
            yield mix[0], plan.with_inputs([given[index] for index in mix])

    def _level(
        self, jobs: list[Job], part: str, ran: list[RunSummary], job_runner: JobRunner, stop: StopAsked
    ) -> Iterator[RunSummary]:
        """ran: gets the runs to which a preemption may be added: what was found is not searched further."""
        left = deque(jobs)

        def asked() -> Iterator[Job]:
            while left and not stop.asked():
                yield left.popleft()

        for run_summary in job_runner.run(asked()):
            self.runs += 1
            yield run_summary
            if not (run_summary.violated or run_summary.void or run_summary.cut_short):
                ran.append(run_summary)
        self.left_out_parts[part] += len(left)

    def _refused(self, root: RunSummary) -> Iterator[Job]:
        """Each first call of an action refused, in each saga."""
        for site, _ in root.sites:
            kinds = {one.kind.name for one in self._enabled.possible[site.operation]}
            if site.saga is not None and self._enabled.is_action(site.operation) and ABORTS in kinds:
                fault = Fault(kind=ABORTS, operation=site.operation, nth=site.nth, saga=site.saga)
                yield root.input_index, root.plan.with_fault(fault)

    def _next(self, parent: RunSummary) -> Iterator[Job]:
        """One preemption more, behind the newest of the parent, where that took place."""
        plan = parent.plan
        ref: InputRef = parent.input_index
        if len(parent.preempted) < len(plan.preemptions):
            return
        enabled = self._enabled
        for one in possible_preemptions(plan, parent.sites, enabled.deliveries, enabled.changes_of_services):
            yield ref, plan.with_preemption(one)


def mixed(inputs: Sequence[int], sagas: int) -> Iterator[tuple[int, ...]]:
    """Inputs for so many sagas: each for all of them, then each pair for the first two, in both orders.

    Sagas beyond the second go on through the inputs, from the second one's.
    """
    for one in inputs:
        yield (one,) * sagas
    for first, second in permutations(range(len(inputs)), 2):
        others = (inputs[(second + number) % len(inputs)] for number in range(sagas - 1))
        yield (inputs[first], *others)


def possible_preemptions(
    plan: FaultPlan, sites: Sites, deliveries: Collection[str] = (), of_services: Collection[str] = ()
) -> Iterator[Preemption]:
    """Those that come after the newest one of a plan, at sites that its run reached, in their order.

    A saga is held for one that has not begun, or that the newest preemption has left at a call. While that
    one runs up to there, it may be held for a third one. deliveries: operations that are no calls of a saga.
    of_services: those of which two may be delivered together, where both are of one service.
    """
    return (one for one in _possible(plan, sites, deliveries) if not one.together or _meet(one, of_services))


def _meet(one: Preemption, of_services: Collection[str]) -> bool:
    """Whether the two calls that are delivered together are with one service at the same time."""
    assert one.until is not None
    here, there = one.operation, one.until.operation
    return {here, there} <= set(of_services) and here.partition(".")[0] == there.partition(".")[0]


def _possible(plan: FaultPlan, sites: Sites, deliveries: Collection[str]) -> Iterator[Preemption]:
    calls = {
        saga: [site for site in found if site.operation not in deliveries]
        for saga, found in _calls(plan, sites).items()
    }
    if not plan.preemptions:
        for saga in range(1, plan.sagas + 1):
            for other in range(saga + 1, plan.sagas + 1):
                yield from _between(saga, calls[saga], other, calls[other])
        return
    newest = plan.preemptions[-1]
    own = _behind(calls[newest.saga], newest.operation, newest.nth)
    begun = {one.run for one in plan.preemptions} | {one.saga for one in plan.preemptions}
    if newest.until is not None:
        rest = _behind(calls[newest.run], newest.until.operation, newest.until.nth)
        yield from _between(newest.saga, own, newest.run, rest)
    for other in range(1, plan.sagas + 1):
        if other not in begun:
            yield from _between(newest.saga, own, other, calls[other])
            done = calls[newest.run]
            inner = done if newest.until is None else _before(done, newest.until)
            yield from _between(newest.run, inner, other, calls[other])


def _between(saga: int, held_at: list[Site], other: int, until: list[Site]) -> Iterator[Preemption]:
    for site in held_at:
        one = Preemption(saga=saga, operation=site.operation, nth=site.nth, run=other)
        yield one
        for end in until:
            to_a_call = replace(one, until=Site(operation=end.operation, nth=end.nth))
            yield to_a_call
            yield replace(to_a_call, together=True)


def _calls(plan: FaultPlan, sites: Sites) -> dict[int, list[Site]]:
    """Of each saga in their order, with those that a fault of the plan struck: they can be held, too."""
    found: dict[int, list[Site]] = {saga: [] for saga in range(1, plan.sagas + 1)}
    struck = list(enumerate(plan.faults))
    for site, last in sites:
        while struck and struck[0][0] <= last:
            _add(found, struck.pop(0)[1])
        if site.saga is not None:
            found[site.saga].append(site)
    for _, fault in struck:
        _add(found, fault)
    return found


def _add(found: dict[int, list[Site]], fault: Fault) -> None:
    if fault.saga is not None:
        found[fault.saga].append(Site(operation=fault.operation, nth=fault.nth, saga=fault.saga))


def _behind(own: list[Site], operation: str, nth: int) -> list[Site]:
    marks = [(site.operation, site.nth) for site in own]
    return own[marks.index((operation, nth)) + 1 :] if (operation, nth) in marks else []


def _before(own: list[Site], until: Site) -> list[Site]:
    marks = [(site.operation, site.nth) for site in own]
    mark = (until.operation, until.nth)
    return own[: marks.index(mark)] if mark in marks else own
