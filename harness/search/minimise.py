"""Makes a counterexample as small as it gets: fewer faults first, then fewer calls, then earlier ones.

Of a run of several sagas: fewer preemptions, fewer sagas, and the same input for all of them, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.inputs import DrawnInput, as_json_text
from harness.plan import Fault, FaultPlan, Lasting, Preemption
from harness.search.run_summary import Job, JobRunner, RunSummary

MOST_RUNS = 200
"""A shrink that has not come to rest by then is small enough."""


def minimise(
    run_summary: RunSummary, invariant: str, job_runner: JobRunner, *, most_runs: int = MOST_RUNS
) -> RunSummary:
    """The smallest plan found that still violates the invariant, with its run."""
    smallest, runs = run_summary, 0
    while runs < most_runs:
        for job in _smaller(smallest):
            runs += 1
            (tried,) = job_runner.run([job])
            if invariant in tried.violated:
                smallest = tried
                break
        else:
            return smallest
    return smallest


def _smaller(run_summary: RunSummary) -> Iterator[Job]:
    ref = run_summary.input_index
    dead = [index for index, strikes in enumerate(run_summary.strikes) if not strikes]
    yield from ((ref, run_summary.plan.without(index)) for index in dead)  # a dead fault leaves first
    yield from _fewer_sagas(run_summary)
    yield from ((ref, plan) for plan in _simpler_plans(run_summary))


def _simpler_plans(run_summary: RunSummary) -> Iterator[FaultPlan]:
    """For as many sagas."""
    plan = run_summary.plan
    for index in range(len(plan.faults)):
        yield plan.without(index)
    yield from _same_inputs(run_summary)
    for index, fault in enumerate(plan.faults):
        for simpler in _simpler(fault):
            yield plan.with_faults((*plan.faults[:index], simpler, *plan.faults[index + 1 :]))
    for index, one in enumerate(plan.preemptions):
        for earlier in _earlier(one):
            yield _with_preemptions(
                plan, (*plan.preemptions[:index], earlier, *plan.preemptions[index + 1 :])
            )


def _fewer_sagas(run_summary: RunSummary) -> Iterator[Job]:
    """Without the others, with fewer preemptions (first those that never were), and without one saga."""
    plan = run_summary.plan
    if plan.sagas == 1:
        return
    if not plan.preemptions:
        yield run_summary.input_index, _of_the_first(plan)
    dead = [index for index in range(len(plan.preemptions)) if index not in run_summary.preempted]
    for index in (*dead, *run_summary.preempted):
        fewer = plan.preemptions[:index] + plan.preemptions[index + 1 :]
        yield run_summary.input_index, _with_preemptions(plan, fewer)
    if plan.sagas > 2:
        for number in range(plan.sagas, 0, -1):
            yield _without_saga(run_summary, number)


def _of_the_first(plan: FaultPlan) -> FaultPlan:
    """What names none of the others."""
    return FaultPlan(tuple(replace(one, saga=None) for one in plan.faults if one.saga in (None, 1)))


def _without_saga(run_summary: RunSummary, number: int) -> Job:
    """What does not name that one; those behind it move up."""
    plan, ref = run_summary.plan, run_summary.input_index

    def moved(saga: int) -> int:
        return saga - 1 if saga > number else saga

    given = plan.inputs(run_summary.input)
    if number == 1 and plan.other_inputs:
        ref = DrawnInput(as_json_text(given[1], "plan, other_inputs"))
    fewer = FaultPlan(
        tuple(
            one if one.saga is None else replace(one, saga=moved(one.saga))
            for one in plan.faults
            if one.saga != number
        ),
        tuple(
            replace(one, saga=moved(one.saga), run=moved(one.run))
            for one in plan.preemptions
            if number not in (one.saga, one.run)
        ),
        plan.sagas - 1,
    )
    return ref, fewer.with_inputs([*given[: number - 1], *given[number:]])


def _same_inputs(run_summary: RunSummary) -> Iterator[FaultPlan]:
    """All sagas with the input of the first, or one of them."""
    plan, first = run_summary.plan, run_summary.input
    if not plan.other_inputs:
        return
    yield plan.with_inputs([first] * plan.sagas)
    for index in range(1, plan.sagas):
        given = list(plan.inputs(first))
        given[index] = first
        same = plan.with_inputs(given)
        if same != plan:
            yield same


def _with_preemptions(plan: FaultPlan, preemptions: tuple[Preemption, ...]) -> FaultPlan:
    return replace(plan, preemptions=preemptions)


def _earlier(one: Preemption) -> Iterator[Preemption]:
    """The other saga runs to its end rather than to a call of it; and an earlier call."""
    if one.until is not None:
        yield replace(one, until=None, together=False)
        if one.together:
            yield replace(one, together=False)
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
