"""The order saga in each language, killed, frozen and refused at its worst moments.

`nox -s examples` searches them; this shows in seconds that they still run, and hold where it matters.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from harness.faults.enabled import enabled_faults
from harness.history import FaultFired
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import run_once
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld

EXAMPLES = Path(__file__).parents[2] / "scenarios" / "examples"
RESERVE, CHARGE, SHIP = (
    "inventory.reservation.create",
    "payments.charge.create",
    "shipping.shipment.create",
)
REFUND = "payments.charge.delete_by_saga"


@dataclass(frozen=True, slots=True)
class Language:
    """needs: programs. build: a command that is run once, in a copy of the folder."""

    needs: tuple[str, ...]
    build: tuple[str, ...] = ()


LANGUAGES: Mapping[str, Language] = {
    "python": Language(("python3",)),
    "node": Language(("node",)),
    "go": Language(("go",), ("go", "build", "-o", "build/saga", "saga.go")),
    "java": Language(("java", "javac"), ("javac", "-d", "build", "Saga.java")),
}

SHIP_REFUSED = Fault(kind="reject", operation=SHIP, count=Lasting.UNTIL_RESTART)
PLANS: Mapping[str, tuple[tuple[Fault, ...], str]] = {
    "nothing fails": ((), "completed"),
    "killed while compensating": (
        (SHIP_REFUSED, Fault(kind="crash", operation=REFUND, variant="on_arrival")),
        "compensated",
    ),
    "killed on its way, and moved": ((Fault(kind="move", operation=SHIP),), "completed"),
    "the pivot is refused after it was shipped": (
        (Fault(kind="lose_reply", operation=SHIP), Fault(kind="reject", operation=SHIP, nth=2)),
        "completed",
    ),
    "two resume it": ((Fault(kind="race", operation=CHARGE),), "completed"),
    "started once more": ((Fault(kind="start_twice", operation=RESERVE, variant="at_once"),), "completed"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@cache
def example(name: str, folder: Path) -> Scenario:
    """Built in a folder of its own."""
    language = LANGUAGES[name]
    missing = [program for program in language.needs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} cannot be found: {name} is not installed")
    copied = shutil.copytree(
        EXAMPLES / f"order_{name}", folder / name, ignore=shutil.ignore_patterns("build")
    )
    if language.build:
        subprocess.run(language.build, cwd=copied, check=True)
    return load_scenario(str(copied / "saga.toml"), registered=None)


@pytest.mark.parametrize("says", PLANS)
@pytest.mark.parametrize("name", LANGUAGES)
def test_it_holds(name: str, says: str, built: Path, real_world: WireWorld) -> None:
    scenario = example(name, built)
    faults, ends = PLANS[says]
    claimed = {kind.name for kind in enabled_faults(scenario, "wire").kinds()}
    if not {fault.kind for fault in faults} <= claimed:
        pytest.skip(f"the saga in {name} does not claim to stand that")
    run = run_once(scenario, scenario.inputs[0], FaultPlan(faults), real_world)
    assert [(one.invariant, one.message) for one in run.violated] == []
    assert [saga.status for saga in run.view.sagas] == [ends]
    fired = {event.kind for event in run.history.events if isinstance(event, FaultFired)}
    assert fired == {fault.kind for fault in faults}


def test_every_order_saga_is_tried_here() -> None:
    assert {one.parent.name for one in EXAMPLES.glob("order_*/saga.toml")} == {
        f"order_{name}" for name in LANGUAGES
    }


def test_they_tell_the_same_story() -> None:
    """Same participants and steps: what is compared is the language."""
    told = [
        replace(load_scenario(str(toml), registered=None).spec, name="order", claims=frozenset())
        for toml in sorted(EXAMPLES.glob("order_*/saga.toml"))
    ]
    assert all(one == told[0] for one in told)
