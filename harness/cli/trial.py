"""Runs a few plans of one scenario in a worker process, for the commands that are no campaign.

A process of its own, because a saga may end the one that it runs in: `os._exit(0)` must not make a
replay that says FIXED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from harness.campaign import CampaignOptions
from harness.campaign.claims import LoadedWithClaims
from harness.campaign.options import ProxyKind, WorldName
from harness.campaign.workers import Pool
from harness.cli.loading import load
from harness.cli.telling import narrate
from harness.plan import FaultPlan
from harness.saga import Claim, Json
from harness.scenario import Scenario
from harness.search.digest import Digest

RunPlans = Callable[[Sequence[FaultPlan]], Iterator[Digest]]


def chosen_world(scenario: Scenario, wanted: str | None) -> WorldName:
    """The world asked for, or the saga's default. Raises UsageError where it cannot run there."""
    asked = cast("WorldName | None", wanted)
    return CampaignOptions(out=Path(), load=load, narrate=narrate, world=asked).world_of(scenario)


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
