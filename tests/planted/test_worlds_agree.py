"""One plan, two worlds: on a fixed sample over all kinds, planted and sound sagas are judged the same.

All kinds that strike calls; of what strikes the process, `tests/wire/test_hosted.py` tells the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from harness.faults import KINDS
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import run_once
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.invariants import (
    test_complete_compensation,
    test_failed_compensation_escalated,
)
from tests.planted.kit import CHARGE, HOLD, Plant

pytestmark = [pytest.mark.wire]

HELD, CHARGED, RELEASED = "stock.hold.create", "bank.charge.create", "stock.hold.delete_by_saga"
ABORT = Fault(kind="reject", operation=CHARGED)


OF_CALLS = {name: kind for name, kind in KINDS.items() if kind.process_fault is None and not kind.deliveries}


def _sample() -> Iterator[FaultPlan]:
    yield FaultPlan()
    for name, kind in OF_CALLS.items():
        count = 1 if name in ("duplicate", "throttle") else 2
        at = CHARGED if kind.in_doubt else HELD
        yield FaultPlan((Fault(kind=name, operation=at, count=count, variant=kind.variants[0]),))
    for name in ("refuse", "lose_reply", "error_before", "reject", "outage"):
        struck = HELD if name == "outage" else RELEASED
        yield FaultPlan((ABORT, Fault(kind=name, operation=struck, count=2)))
    for variant in ("after_undo", "settling"):
        yield FaultPlan((Fault(kind="late", operation=CHARGED, count=2, variant=variant),))
    yield FaultPlan((Fault(kind="lose_request", operation=CHARGED, count=Lasting.FOR_EVER),))


SAMPLE = tuple(_sample())
PLANTS: dict[str, tuple[Plant, str]] = {
    "sound": (test_complete_compensation.PLANT, "sound"),
    "registers too late": (test_complete_compensation.PLANT, "broken"),
    "carries on": (test_failed_compensation_escalated.PLANT, "broken"),
}


def told(plan: FaultPlan) -> str:
    return " + ".join(f"{one.kind} {one.variant} {one.operation} x{one.count}" for one in plan.faults)


def scenario(plant: Plant, twin: str) -> Scenario:
    return replace(replace(plant, tasks=(HOLD, CHARGE)).scenario(twin), time_limit_s=6.0, patience_s=3.0)


Judged = tuple[Status | None, list[str], list[int]]


def judged(one: Scenario, plan: FaultPlan, world: World) -> Judged:
    """How it ended, what was violated, and which faults fired."""
    run = run_once(one, {}, plan, world)
    return run.view.sagas[0].status, [found.invariant for found in run.violated], sorted(run.history.fired())


def test_the_sample_is_over_all_kinds() -> None:
    assert len(SAMPLE) == 26
    assert {fault.kind for plan in SAMPLE for fault in plan.faults} == set(OF_CALLS)


@cache
def verdicts(world: str) -> dict[str, dict[str, Judged]]:
    """Plant to plan to its result. One world after the other: sim lets nothing through to a socket."""
    with SimWorld() if world == "sim" else WireWorld(progress=print) as entered:
        return {
            name: {told(plan): judged(scenario(*plant), plan, entered) for plan in SAMPLE}
            for name, plant in PLANTS.items()
        }


@pytest.mark.parametrize("name", PLANTS)
def test_both_worlds_give_the_same_verdicts(name: str) -> None:
    simulated, real = verdicts("sim")[name], verdicts("wire")[name]
    assert {plan: (real[plan], came) for plan, came in simulated.items() if real[plan] != came} == {}
    violated = {id_ for _, ids, _ in simulated.values() for id_ in ids}
    assert bool(violated) is (name != "sound")
