"""A death, a death while undoing and a cancellation fall on a real process too, by their smallest plans.

The other rows differ in the saga, and not in what the wire does to it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.loader import load_scenario
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds.wire import WireWorld
from tests.planted import rows
from tests.planted.kit import TWINS, Plant

pytestmark = [pytest.mark.wire]

STRUCK = ("row_16", "row_26", "row_35")
MODULES = [
    f"{rows.__name__}.{one.name}"
    for one in pkgutil.iter_modules(rows.__path__)
    if one.name.startswith(tuple(f"test_{row}_" for row in STRUCK))
]


@pytest.fixture(scope="module")
def wire() -> Iterator[WireWorld]:
    with WireWorld(progress=print) as world:
        yield world


@TWINS
@pytest.mark.parametrize("module", MODULES)
def test_the_smallest_plan(module: str, twin: str, wire: WireWorld) -> None:
    plant: Plant = importlib.import_module(module).PLANT
    # The process that is to die loads the scenario by this name.
    named = load_scenario(f"{module}:PLANT.{twin}_scenario", registered=None)
    scenario = replace(named, time_limit_s=20.0, patience_s=15.0)
    run = run_once(scenario, {}, FaultPlan(plant.smallest), wire)
    violated = {one.invariant: one.message for one in run.violated}
    assert run.history.fired() == set(range(len(plant.smallest)))
    if twin == "sound":
        assert violated == {}
    else:
        assert plant.caught_by in violated, run.history.events
