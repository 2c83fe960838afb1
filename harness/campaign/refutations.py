"""Shrinks counterexamples, and finds for each claim the smallest one that needs a fault of it."""

from __future__ import annotations

from dataclasses import replace

from harness.campaign.tally import Refutation, Tally
from harness.saga import Claim
from harness.search import Executor, minimise

MOST_RUNS = {"sim": 200, "wire": 12}
"""Spent on one shrink. A wire run takes real seconds."""


def shrink(world: str, executor: Executor, tally: Tally) -> None:
    """The smallest counterexample of each invariant, then that of each claim."""
    for id_, one in tally.invariants.items():
        if one.smallest is not None and one.smallest.history is not None:
            one.smallest = minimise(one.smallest, id_, executor, most_runs=MOST_RUNS[world])
    for claim, about in tally.claims.items():
        about.refuted = _refutation(claim, world, executor, tally)


def take_unshrunk(tally: Tally) -> None:
    """Where there was no time to shrink: a fault that breaks the saga all by itself is needed."""
    for about in tally.claims.values():
        plain = [one for one in about.suspects.values() if one.alone]
        if about.refuted is None and plain:
            about.refuted = min(plain, key=lambda one: one.rank)


def _refutation(claim: Claim, world: str, executor: Executor, tally: Tally) -> Refutation | None:
    """The best suspect whose fault of the claim stays when all that can go has gone."""
    shrunk = [
        Refutation(id_, one.smallest)
        for id_, one in tally.invariants.items()
        if one.smallest is not None and tally.needs(one.smallest, claim)
    ]
    known = {one.invariant for one in shrunk}
    suspects = [one for id_, one in tally.claims[claim].suspects.items() if id_ not in known]
    for suspect in sorted((*shrunk, *suspects), key=lambda one: one.rank):
        found = suspect if suspect.invariant in known else _shrunk(suspect, world, executor)
        if tally.needs(found.digest, claim):
            return found
    return None


def _shrunk(suspect: Refutation, world: str, executor: Executor) -> Refutation:
    if suspect.digest.history is None:  # a worker was lost with it: it may cost another one
        return suspect
    smaller = minimise(suspect.digest, suspect.invariant, executor, most_runs=MOST_RUNS[world])
    return replace(suspect, digest=smaller)
