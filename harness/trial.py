"""Runs a few plans of one scenario in a worker process, for the commands that run no campaign.

A process of its own, because a saga may end the one that it runs in: `os._exit(0)` must not make a
replay that says FIXED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from harness.campaign.claims import LoadedWithClaims
from harness.campaign.pool import Pool
from harness.choices import ProxyKind, WorldName
from harness.loading import load
from harness.plan import FaultPlan
from harness.saga import Claim, Json
from harness.scenario import Scenario
from harness.search.run_summary import RunSummary

RunPlans = Callable[[Sequence[FaultPlan]], Iterator[RunSummary]]


@contextmanager
def trial(
    scenario: Scenario,
    input_: Json,
    world: WorldName,
    proxy: ProxyKind,
    note: Callable[[str], None],
    added: tuple[Claim, ...] = (),
) -> Iterator[RunPlans]:
    """A function that runs plans with this input; `added` are claims on top of the saga's own."""
    loaded = LoadedWithClaims(partial(_load_with_input, input_), added)
    with Pool(scenario, world, workers=1, proxy=proxy, load=loaded, note=note) as pool:
        yield lambda plans: pool.run([(0, plan) for plan in plans])


def _load_with_input(input_: Json, reference: str) -> Scenario:
    return replace(load(reference), inputs=(input_,))
