"""Each planted saga falls on the wire too, by its smallest plan; its sound twin stands under the same."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.faults import KINDS
from harness.invariants import INVARIANTS
from harness.loader import load_scenario
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds.wire import WireWorld
from tests.planted import invariants, kinds
from tests.planted.kit import TWINS, Plant

pytestmark = [pytest.mark.wire]

FILES = {
    folder.__name__.rpartition(".")[2]: [one.name for one in pkgutil.iter_modules(folder.__path__)]
    for folder in (invariants, kinds)
}
MODULES = {
    f"{folder}/{name.removeprefix('test_')}": importlib.import_module(f"tests.planted.{folder}.{name}")
    for folder, names in FILES.items()
    for name in names
}
PLANTS: dict[str, Plant] = {name: found.PLANT for name, found in MODULES.items() if hasattr(found, "PLANT")}


def test_every_invariant_and_every_kind_has_its_plant() -> None:
    assert FILES["invariants"] == sorted(f"test_{id_}" for id_ in (*INVARIANTS.ours, "lifecycle_events"))
    # Those of messages are planted in `planted/messages`.
    of_calls = [name for name in KINDS.ours if not KINDS[name].deliveries]
    assert FILES["kinds"] == sorted(f"test_{name}" for name in of_calls)
    assert set(MODULES) - set(PLANTS) == {"invariants/isolation", "invariants/lifecycle_events"}
    for name, plant in PLANTS.items():
        folder, _, made_for = name.partition("/")
        kinds_of = {fault.kind for fault in plant.smallest}
        assert made_for == plant.caught_by if folder == "invariants" else made_for in kinds_of


@pytest.fixture(scope="module")
def wire() -> Iterator[WireWorld]:
    with WireWorld(progress=print) as world:
        yield world


@TWINS
@pytest.mark.parametrize("name", PLANTS)
def test_the_smallest_plan(name: str, twin: str, wire: WireWorld) -> None:
    plant = PLANTS[name]
    # A process that is to die loads the scenario by this name, and takes its time to start.
    named = load_scenario(f"{MODULES[name].__name__}:PLANT.{twin}_scenario", registered=None)
    dies = any(KINDS[fault.kind].process_fault is not None for fault in plant.smallest)
    limit_s, patience_s = (20.0, 15.0) if dies else (4.0, 2.0)
    scenario = replace(named, time_limit_s=limit_s, patience_s=patience_s)
    run = run_once(scenario, {}, FaultPlan(plant.smallest), wire)
    violated = {one.invariant: one.message for one in run.violated}
    if twin == "sound":
        assert violated == {}
    else:
        assert plant.caught_by in violated, run.history.events
        assert run.history.fired() == set(range(len(plant.smallest)))
