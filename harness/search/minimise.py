"""Makes a counterexample as small as it gets: fewer faults first, then fewer calls, then earlier ones.

Of a run of several sagas: fewer preemptions and fewer sagas, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.plan import Fault, FaultPlan, Lasting, Preemption
from harness.search.run_summary import JobRunner, RunSummary

MOST_RUNS = 200
"""A shrink that has not come to rest by then is small enough."""


def minimise(
    run_summary: RunSummary, invariant: str, job_runner: JobRunner, *, most_runs: int = MOST_RUNS
) -> RunSummary:
    """The smallest plan found that still violates the invariant, with its run."""
    smallest, runs = run_summary, 0
    while runs < most_runs:
        for plan in _smaller(smallest):
            runs += 1
            (tried,) = job_runner.run([(smallest.input_index, plan)])
            if invariant in tried.violated:
                smallest = tried
                break
        else:
            return smallest
    return smallest


def _smaller(run_summary: RunSummary) -> Iterator[FaultPlan]:
    plan = run_summary.plan
    for index, strikes in enumerate(run_summary.strikes):
        if not strikes:
            yield plan.without(index)  # a dead fault leaves first
    yield from _fewer_sagas(run_summary)
    for index in range(len(plan.faults)):
        yield plan.without(index)
    for index, fault in enumerate(plan.faults):
        for simpler in _simpler(fault):
            yield plan.with_faults((*plan.faults[:index], simpler, *plan.faults[index + 1 :]))
    for index, one in enumerate(plan.preemptions):
        for earlier in _earlier(one):
            yield _with_preemptions(
                plan, (*plan.preemptions[:index], earlier, *plan.preemptions[index + 1 :])
            )


def _fewer_sagas(run_summary: RunSummary) -> Iterator[FaultPlan]:
    """Without the others, without the last one, and with fewer preemptions: first those that never were."""
    plan = run_summary.plan
    if plan.sagas == 1:
        return
    if not plan.preemptions:
        yield _of_first_sagas(plan, 1)
    dead = [index for index in range(len(plan.preemptions)) if index not in run_summary.preempted]
    for index in (*dead, *run_summary.preempted):
        yield _with_preemptions(plan, plan.preemptions[:index] + plan.preemptions[index + 1 :])
    if plan.sagas > 2:
        yield _of_first_sagas(plan, plan.sagas - 1)


def _of_first_sagas(plan: FaultPlan, sagas: int) -> FaultPlan:
    """What names none of the others."""
    return FaultPlan(
        tuple(
            replace(one, saga=None) if sagas == 1 else one
            for one in plan.faults
            if one.saga is None or one.saga <= sagas
        ),
        tuple(one for one in plan.preemptions if max(one.saga, one.run) <= sagas),
        sagas,
    )


def _with_preemptions(plan: FaultPlan, preemptions: tuple[Preemption, ...]) -> FaultPlan:
    return replace(plan, preemptions=preemptions)


def _earlier(one: Preemption) -> Iterator[Preemption]:
    """The other saga runs to its end rather than to a call of it; and an earlier call."""
    if one.until is not None:
        yield replace(one, until=None)
        for nth in range(1, one.until.nth):
            yield replace(one, until=replace(one.until, nth=nth))
    for nth in range(1, one.nth):
        yield replace(one, nth=nth)


def _simpler(fault: Fault) -> Iterator[Fault]:
    if fault.count != 1:
        yield replace(fault, count=1)
    if fault.count is Lasting.UNTIL_RESTART:
        yield replace(fault, count=Lasting.FOR_EVER)
    if isinstance(fault.count, Lasting):
        yield replace(fault, count=2)
        yield replace(fault, count=3)
    elif fault.count > 2:
        yield replace(fault, count=2)
    for nth in range(1, fault.nth):
        yield replace(fault, nth=nth)
