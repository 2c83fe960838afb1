"""Makes a counterexample as small as it gets: fewer faults first, then fewer calls, then earlier ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.plan import Fault, FaultPlan, Lasting
from harness.search.digest import Digest, Executor

MOST_RUNS = 200
"""A shrink that has not come to rest by then is small enough."""


def minimise(digest: Digest, invariant: str, executor: Executor, *, most_runs: int = MOST_RUNS) -> Digest:
    """The smallest plan found that still violates the invariant, with its run."""
    smallest, runs = digest, 0
    while runs < most_runs:
        for plan in _smaller(smallest):
            runs += 1
            (tried,) = executor.run([(smallest.input_index, plan)])
            if invariant in tried.violated:
                smallest = tried
                break
        else:
            return smallest
    return smallest


def _smaller(digest: Digest) -> Iterator[FaultPlan]:
    plan = digest.plan
    for index, strikes in enumerate(digest.strikes):
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
