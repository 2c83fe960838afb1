"""Makes a counterexample as small as it gets: fewer faults first, then fewer calls, then earlier ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.plan import Fault, FaultPlan, Lasting
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
    for index in range(len(plan.faults)):
        yield plan.without(index)
    for index, fault in enumerate(plan.faults):
        for simpler in _simpler(fault):
            yield FaultPlan((*plan.faults[:index], simpler, *plan.faults[index + 1 :]))


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
