"""The scenarios in the sim world: the sound ones hold, the documented one falls, each weakness as said."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import scenarios
from harness.faults import KINDS
from harness.faults.enabled import Possible, enabled_faults
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY
from scenarios.order_fulfilment.inputs import ORDERS
from tests.unit.scenarios.judged import wrong

SOUND = (
    "order-fulfilment",
    "order-fulfilment-sync",
    "order-fulfilment-forward",
    "order-fulfilment-durable",
    "order-fulfilment-durable-sync",
)
IN_SIM = [name for name, make in REGISTRY.items() if "sim" in make().saga.worlds]
FIRST_SAGA = Path(scenarios.__file__).parent / "examples" / "first_saga"


def violated(run: Run) -> set[str]:
    return {one.invariant for one in run.violated}


def single_faults(scenario: Scenario) -> Iterator[Fault]:
    for one in enabled(scenario):
        for count in one.kind.counts:
            yield Fault(kind=one.kind.name, operation=one.operation, count=count, variant=one.variant)


def enabled(scenario: Scenario) -> list[Possible]:
    return [one for many in enabled_faults(scenario, "sim").possible.values() for one in many]


@pytest.mark.parametrize("name", IN_SIM)
def test_without_faults_each_order_is_fulfilled(name: str, sim: SimWorld) -> None:
    scenario = REGISTRY[name]()
    for order in scenario.inputs:
        run = run_once(scenario, order, FaultPlan(), sim)
        assert (run.view.sagas[0].status, wrong(run)) == (Status.COMPLETED, [])


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_ones_hold_under_every_single_fault(name: str, sim: SimWorld) -> None:
    scenario = REGISTRY[name]()
    for fault in single_faults(scenario):
        if fault.operation in (RESERVE, CHARGE, SHIP):  # nothing else is called where nothing else fails
            run = run_once(scenario, scenario.inputs[1], FaultPlan((fault,)), sim)
            assert wrong(run) == [], fault
            assert run.history.fired() or KINDS[fault.kind].process_fault is None, fault


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_ones_hold_under_up_to_four_faults(name: str, sim: SimWorld) -> None:
    scenario, draw = REGISTRY[name](), random.Random(8)
    possible = enabled(scenario)
    seen: Counter[Status | None] = Counter()
    for _ in range(600):
        faults = tuple(_drawn(draw, possible) for _ in range(draw.choice((2, 3, 4))))
        hurried = replace(scenario, patience_s=draw.choice((None, 0.1, 0.5, 2.0)))
        run = run_once(hurried, draw.choice(scenario.inputs), FaultPlan(faults), sim)
        assert wrong(run) == [], faults
        seen[run.view.sagas[0].status] += 1
    assert all(seen[status] for status in (Status.COMPLETED, Status.COMPENSATED, Status.STUCK)), seen


def _drawn(draw: random.Random, possible: list[Possible]) -> Fault:
    one = draw.choice(possible)
    return Fault(
        kind=one.kind.name,
        operation=one.operation,
        nth=draw.choice((1, 1, 2, 3)),
        count=draw.choice(one.kind.counts),
        variant=one.variant,
    )


RESERVE, CHARGE, SHIP = (
    "inventory.reservation.create",
    "payments.charge.create",
    "shipping.shipment.create",
)
LIES = {"complete_compensation", "no_orphaned_resources", "truthful_outcome"}
DOCUMENTED: list[tuple[tuple[tuple[str, str], ...], set[str]]] = [
    ((("lose_reply", RESERVE),), LIES),
    ((("lose_request", RESERVE),), {"complete_compensation"}),
    ((("lose_reply", CHARGE),), LIES | {"compensation_order"}),
    (
        (("lose_reply", SHIP),),
        {"pivot_correctness", "no_orphaned_resources", "truthful_outcome", "idempotency_keys"},
    ),
    ((("reject", SHIP),), {"idempotency_keys"}),
    (
        (("reject", SHIP), ("reject", "payments.charge.delete")),
        LIES | {"failed_compensation_escalated", "idempotency_keys"},
    ),
    ((("reject", CHARGE),), set()),
    ((("duplicate", CHARGE),), set()),
]


@pytest.mark.parametrize(("faults", "expected"), DOCUMENTED)
def test_the_documented_one_falls_as_its_readme_says(
    faults: tuple[tuple[str, str], ...], expected: set[str], sim: SimWorld
) -> None:
    scenario = REGISTRY["order-fulfilment-as-documented"]()
    plan = FaultPlan(tuple(Fault(kind=kind, operation=operation) for kind, operation in faults))
    assert violated(run_once(scenario, scenario.inputs[0], plan, sim)) == expected


def test_the_documented_one_fulfils_no_order_of_two_lines(sim: SimWorld) -> None:
    scenario = REGISTRY["order-fulfilment-as-documented"]()
    run = run_once(scenario, ORDERS[1], FaultPlan(), sim)
    assert run.view.sagas[0].status is Status.COMPENSATED
    assert "idempotency_keys" in violated(run)


def test_the_first_saga_falls_and_holds_once_two_lines_are_swapped(sim: SimWorld, tmp_path: Path) -> None:
    lost = FaultPlan((Fault(kind="lose_reply", operation=RESERVE),))
    scenario = load_scenario(str(FIRST_SAGA / "saga.toml"), registered={})
    assert wrong(run_once(scenario, scenario.inputs[0], FaultPlan(), sim)) == []
    assert violated(run_once(scenario, scenario.inputs[0], lost, sim)) == LIES

    mended = load_scenario(str(_mended(tmp_path)), registered={})
    for fault in single_faults(mended):
        assert wrong(run_once(mended, mended.inputs[0], FaultPlan((fault,)), sim)) == [], fault


def _mended(folder: Path) -> Path:
    lines = (FIRST_SAGA / "sagas.py").read_text().splitlines(keepends=True)
    mistake = next(at for at, line in enumerate(lines) if "the mistake" in line)
    lines[mistake - 1 : mistake + 1] = [lines[mistake], lines[mistake - 1]]
    (folder / "sagas.py").write_text("".join(lines))
    toml = folder / "saga.toml"
    toml.write_text((FIRST_SAGA / "saga.toml").read_text())
    return toml
