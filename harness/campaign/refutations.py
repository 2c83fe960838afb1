"""Shrinks counterexamples, and finds for each claim the smallest one that needs a fault of it."""

from __future__ import annotations

from dataclasses import replace

from harness.campaign.aggregate import Aggregate, Refutation
from harness.saga import Claim
from harness.search import JobRunner, minimise

MOST_RUNS = {"sim": 200, "wire": 12}
"""Spent on one shrink. A wire run takes real seconds."""


def shrink(world: str, job_runner: JobRunner, aggregate: Aggregate) -> None:
    """The smallest counterexample of each invariant, then that of each claim."""
    for id_, one in aggregate.invariants.items():
        if one.smallest is not None and one.smallest.history is not None:
            one.smallest = minimise(one.smallest, id_, job_runner, most_runs=MOST_RUNS[world])
    for claim, about in aggregate.claims.items():
        about.refuted = _refutation(claim, world, job_runner, aggregate)


def take_unshrunk(aggregate: Aggregate) -> None:
    """Where there was no time to shrink: a fault that breaks the saga all by itself is needed."""
    for about in aggregate.claims.values():
        plain = [one for one in about.suspects.values() if one.alone]
        if about.refuted is None and plain:
            about.refuted = min(plain, key=lambda one: one.rank)


def _refutation(claim: Claim, world: str, job_runner: JobRunner, aggregate: Aggregate) -> Refutation | None:
    """The best suspect whose fault of the claim stays when all that can go has gone."""
    shrunk = [
        Refutation(id_, one.smallest)
        for id_, one in aggregate.invariants.items()
        if one.smallest is not None and aggregate.needs(one.smallest, claim)
    ]
    known = {one.invariant for one in shrunk}
    suspects = [one for id_, one in aggregate.claims[claim].suspects.items() if id_ not in known]
    for suspect in sorted((*shrunk, *suspects), key=lambda one: one.rank):
        found = suspect if suspect.invariant in known else _shrunk(suspect, world, job_runner)
        if aggregate.needs(found.run_summary, claim):
            return found
    return None


def _shrunk(suspect: Refutation, world: str, job_runner: JobRunner) -> Refutation:
    if suspect.run_summary.history is None:  # a worker was lost with it: it may cost another one
        return suspect
    smaller = minimise(suspect.run_summary, suspect.invariant, job_runner, most_runs=MOST_RUNS[world])
    return replace(suspect, run_summary=smaller)
