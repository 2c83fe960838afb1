"""Crash in sim: at every boundary, both ways, twice in a row; survived by a journal, not by memory."""

from __future__ import annotations

import pytest

from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.history import ExecutorBegan, ExecutorEnded, ExecutorStruck
from harness.history.codec import encode_events
from harness.lifecycle.machine import MOST_DEATHS_AT_START
from harness.loading import load
from harness.plan import Fault, FaultPlan, Lasting
from harness.process_faults import ProcessFault
from harness.runner import Run, run_once
from harness.saga import Claim, Status
from harness.search import GuidedSearch
from harness.search.guided import StopAsked
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, PARCEL
from tests.unit.sim.journal import Forgetful, Journal, fails, plan_of, saga_of, scenario_of

STYLES = pytest.mark.parametrize("style", ["async", "plain"])
BOUNDARIES = pytest.mark.parametrize("boundary", ["before_send", "on_arrival", "applied", "answered"])
CREATES = ("stock.hold.create", "bank.charge.create", "post.parcel.create")
UNDOS = ("stock.hold.delete_by_saga", "bank.charge.delete_by_saga")


def crash(operation: str, boundary: str = "applied", count: int = 1) -> Fault:
    return Fault(kind="crash", operation=operation, variant=boundary, count=count)


def run(world: SimWorld, style: str, *faults: Fault, journal: type[Journal] = Journal) -> Run:
    return run_once(scenario_of(saga_of(style, journal)), {}, plan_of(*faults), world)


def told(run: Run) -> list[str]:
    return [f"{one.invariant}: {one.message}" for one in run.violated]


@STYLES
@BOUNDARIES
def test_forward(sim: SimWorld, style: str, boundary: str) -> None:
    for operation in CREATES:
        found = run(sim, style, crash(operation, boundary))
        assert told(found) == []
        assert found.history.fired() == {0}
        assert found.view.sagas[0].status is Status.COMPLETED
        began = [event for event in found.history.events if isinstance(event, ExecutorBegan)]
        struck = [event for event in found.history.events if isinstance(event, ExecutorStruck)]
        assert [(one.executor, one.resumed, one.node) for one in began] == [(1, False, 1), (2, True, 1)]
        assert [(one.executor, one.process_fault, one.boundary) for one in struck] == [
            (1, ProcessFault.CRASH, boundary)
        ]
        assert began[1].t_s == pytest.approx(struck[0].t_s + 0.1)
        ends = [event.executor for event in found.history.events if isinstance(event, ExecutorEnded)]
        assert ends == [2]


@STYLES
@BOUNDARIES
def test_while_compensating(sim: SimWorld, style: str, boundary: str) -> None:
    for operation in UNDOS:
        found = run(sim, style, fails(), crash(operation, boundary))
        assert told(found) == []
        assert found.history.fired() == {0, 1}
        assert found.view.sagas[0].status is Status.COMPENSATED


@STYLES
def test_the_twin_that_keeps_its_journal_in_memory_is_caught(sim: SimWorld, style: str) -> None:
    found = run(sim, style, fails(), crash(UNDOS[1]), journal=Forgetful)
    assert "pivot_correctness: step hold was sent after an undo had been sent" in told(found)


@STYLES
@BOUNDARIES
def test_twice_in_a_row(sim: SimWorld, style: str, boundary: str) -> None:
    found = run(sim, style, crash(CREATES[1], boundary, count=2))
    assert told(found) == []
    began = [event.resumed for event in found.history.events if isinstance(event, ExecutorBegan)]
    assert began == (
        [False, True] if boundary == "answered" else [False, True, True]
    )  # the journal knows it done
    assert found.view.sagas[0].status is Status.COMPLETED


def test_what_is_applied_is_applied_and_what_only_arrived_is_not(sim: SimWorld) -> None:
    struck = {
        boundary: run(sim, "async", crash(CREATES[0], boundary)).history.calls[0]
        for boundary in ("before_send", "on_arrival", "applied", "answered")
    }
    assert {boundary: len(call.effects) for boundary, call in struck.items()} == {
        "before_send": 0,
        "on_arrival": 0,
        "applied": 1,
        "answered": 1,
    }
    assert [boundary for boundary, call in struck.items() if call.answered] == ["answered"]
    assert all(call.struck is not None for call in struck.values())


def test_answered_strikes_as_the_next_request_arrives_and_nobody_gets_it(sim: SimWorld) -> None:
    calls = run(sim, "async", crash(CREATES[0], "answered")).history.calls
    assert [(call.sent.operation, call.sent.executor) for call in calls[:2]] == [
        (CREATES[0], 1),
        (CREATES[1], 1),
    ]
    assert calls[1].deliveries == []
    assert calls[1].failed is not None
    assert calls[1].failed.abandoned


@pytest.mark.parametrize(
    ("lasting", "status"), [(Lasting.FOR_EVER, "compensated"), (Lasting.UNTIL_RESTART, "completed")]
)
def test_a_fault_from_before_the_crash(sim: SimWorld, lasting: Lasting, status: str) -> None:
    """Still there after it, or gone."""
    away = Fault(kind="error_before", operation=CREATES[1], count=lasting)
    found = run(sim, "async", crash(CREATES[0], "answered"), away)
    assert found.view.sagas[0].status == status
    assert told(found) == []


@STYLES
def test_guided_search_holds_and_strikes_every_boundary_both_ways(sim: SimWorld, style: str) -> None:
    tasks = (HOLD, PARCEL)
    scenario = scenario_of(saga_of(style, tasks=tasks), frozenset({Claim.PROCESS_DEATH}), tasks)
    search = GuidedSearch(enabled_faults(scenario, "sim"), 1, 1)
    run_summaries = list(search.run(LocalJobRunner(scenario, sim), StopAsked()))
    assert search.complete
    assert {
        f"{run_summary.plan}": run_summary.violated for run_summary in run_summaries if run_summary.violated
    } == {}
    fired = {
        (fault.operation, fault.variant)
        for run_summary in run_summaries
        for fault, strikes in zip(run_summary.plan.faults, run_summary.strikes, strict=True)
        if fault.kind == "crash" and strikes
    }
    reached = ("stock.hold.create", "post.parcel.create", "stock.hold.delete_by_saga")
    boundaries = ("before_send", "on_arrival", "applied", "answered")
    assert fired >= {(operation, boundary) for operation in reached for boundary in boundaries}


def test_a_crash_at_every_start_ends_when_all_heals_and_in_every_run_alike(sim: SimWorld) -> None:
    durable = load("order-fulfilment-durable")
    first = durable.spec.steps[0].action
    plan = FaultPlan((Fault(kind="crash", operation=first, variant="start:1", count=Lasting.FOR_EVER),))
    runs = [run_once(durable, durable.inputs[0], plan, sim, saga_id="saga-x") for _ in range(2)]
    assert encode_events(runs[0].history) == encode_events(runs[1].history)
    assert runs[0].violated == ()
    assert len(runs[0].history.of(ExecutorBegan)) == MOST_DEATHS_AT_START + 1
    assert runs[0].history.fired() == {0}
