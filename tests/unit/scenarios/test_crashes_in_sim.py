"""A crash at every boundary of every durable scenario, forward and compensating, then one in the recovery."""

import pytest

from harness.faults import KINDS
from harness.history import History
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY
from tests.unit.scenarios.judged import wrong
from tests.unit.scenarios.test_log_prefix import CHARGE, REFUND, RELEASE, RESERVE, SHIP, durable_in_sim

CRASH = KINDS["crash"]
REFUND_BY_SAGA, RELEASE_BY_SAGA = "payments.charge.delete_by_saga", "inventory.reservation.delete_by_saga"
FIND = "shipping.shipment.find"

Plan = tuple[Fault, ...]


def always(kind: str, operation: str) -> Fault:
    return Fault(kind=kind, operation=operation, count=Lasting.FOR_EVER)


# What turns the saga back, or makes it ask, and the calls that follow from it.
WAYS: dict[str, tuple[Plan, tuple[str, ...]]] = {
    "forward": ((), (RESERVE, CHARGE, SHIP)),
    "refused": ((always("reject", SHIP),), (RESERVE, CHARGE, SHIP, REFUND, RELEASE)),
    "charge in doubt": ((always("error_after", CHARGE),), (RESERVE, CHARGE, REFUND_BY_SAGA, RELEASE)),
    "reservation in doubt": ((always("lose_request", RESERVE),), (RESERVE, RELEASE_BY_SAGA)),
    "pivot in doubt": ((always("error_after", SHIP),), (RESERVE, CHARGE, SHIP, FIND)),
}


def crash(operation: str, variant: str, *, nth: int = 1, count: int | Lasting = 1) -> Fault:
    return Fault(kind="crash", operation=operation, nth=nth, count=count, variant=variant)


def held(scenario: Scenario, plan: Plan, sim: SimWorld) -> Run:
    run = run_once(scenario, scenario.inputs[0], FaultPlan(plan), sim)
    assert wrong(run) == [], plan
    return run


# The plain function makes the same decisions: two of its ways are enough.
_RECOVERIES = [
    (name, way)
    for name in durable_in_sim()
    for way in WAYS
    if name == "order-fulfilment-durable" or way in ("forward", "refused")
]

every_way = pytest.mark.parametrize("way", WAYS)
every_durable = pytest.mark.parametrize("name", durable_in_sim())


@every_way
@every_durable
def test_a_crash_at_every_boundary(name: str, way: str, sim: SimWorld) -> None:
    scenario, (before, operations) = REGISTRY[name](), WAYS[way]
    for operation in operations:
        for variant in CRASH.variants:
            for count in CRASH.counts:
                # First in the plan: of two faults at one call the first one strikes.
                plan = (crash(operation, variant, count=count), *before)
                run = held(scenario, plan, sim)
                assert 0 in run.history.fired(), plan


@pytest.mark.parametrize(("name", "way"), _RECOVERIES)
def test_a_crash_in_the_recovery(name: str, way: str, sim: SimWorld) -> None:
    scenario, (before, operations) = REGISTRY[name](), WAYS[way]
    fired = 0
    for operation in operations:
        for variant in CRASH.variants:
            first = (crash(operation, variant), *before)
            recovery = held(scenario, first, sim).history
            for again, nth in sites_of_the_recovery(recovery):
                for boundary in CRASH.variants:
                    second = crash(again, boundary, nth=nth)
                    run = held(scenario, (second, *first), sim)
                    fired += run.history.fired() >= {0, 1}
    assert fired > 20


def sites_of_the_recovery(history: History) -> list[tuple[str, int]]:
    sites = [(call.sent.operation, call.sent.nth) for call in history.calls if call.sent.executor > 1]
    return [(operation, nth) for operation, nth in dict.fromkeys(sites) if operation is not None]
