"""The command as a real process on both stores: killed, frozen and raced where it hurts."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.adapter.subprocess import SubprocessSaga
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from scenarios import REGISTRY
from scenarios.orchestrator import PostgresLog
from scenarios.order_fulfilment.durable_order import LOG_URL
from tests.unit.scenarios.postgres import Postgres
from tests.unit.scenarios.test_log_prefix import CHARGE, REFUND, SHIP, fault

pytestmark = [pytest.mark.wire]

SENT_BACK = fault("reject", SHIP, for_ever=True)
PLANS = [
    (Fault(kind="crash", operation=CHARGE, variant="applied"),),
    (Fault(kind="crash", operation=REFUND, variant="applied"), SENT_BACK),
    (Fault(kind="pause", operation=CHARGE, variant="answered"),),
    (Fault(kind="race", operation=CHARGE),),
]


@pytest.fixture(scope="module")
def wire() -> Iterator[WireWorld]:
    with WireWorld("embedded", progress=print) as world:
        yield world


def holds(scenario: Scenario, plan: tuple[Fault, ...], wire: WireWorld) -> None:
    run = run_once(scenario, scenario.inputs[0], FaultPlan(plan), wire)
    bad = [one for one in run.judgements if one.verdict in (Verdict.VIOLATED, Verdict.UNKNOWN)]
    assert bad == []
    assert run.history.fired() == set(range(len(plan)))
    assert run.view.sagas[0].status is (Status.COMPENSATED if SENT_BACK in plan else Status.COMPLETED)


@pytest.mark.parametrize("plan", PLANS)
def test_it_survives_with_its_log_in_sqlite(plan: tuple[Fault, ...], wire: WireWorld) -> None:
    holds(REGISTRY["order-fulfilment-command"](), plan, wire)


@pytest.mark.parametrize("plan", PLANS)
def test_it_survives_with_its_log_in_postgresql(
    plan: tuple[Fault, ...], wire: WireWorld, postgres: Postgres
) -> None:
    url = postgres.new_schema()
    scenario = REGISTRY["order-fulfilment-command"]()
    assert isinstance(scenario.saga, SubprocessSaga)
    holds(replace(scenario, saga=replace(scenario.saga, env={LOG_URL: url})), plan, wire)
    with PostgresLog(url) as log:
        assert log.unfinished() == ()
        rows = log.query("SELECT count(*) FROM saga_instances WHERE token > 1", {})
    assert rows == [(1,)]  # it was there, and it was taken over
