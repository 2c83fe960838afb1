"""What a choreographed saga publishes of its own life is judged like what an orchestrator answers."""

from __future__ import annotations

import pytest

from harness.faults.enabled import enabled_faults
from harness.history import FaultFired, MessagePublished
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import Claim, Status
from harness.worlds.sim import SimWorld
from tests.planted.kit import search
from tests.planted.messages.lifecycle import (
    CHARGE_REFUSED,
    PLANTED,
    UNHEARD,
    EndsByTheirNames,
    MissesAnUndo,
    TellsItsLife,
    TellsItsUndos,
)
from tests.planted.messages.shop import Shop

DEATH = frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})


def violated(run: Run) -> dict[str, str]:
    return {one.invariant: one.message for one in run.judgements if one.message}


def verdict(run: Run) -> Verdict:
    (judged,) = [one.verdict for one in run.judgements if one.invariant == "lifecycle_events"]
    return judged


@pytest.mark.parametrize("name", PLANTED)
def test_the_broken_one_is_found(name: str, sim: SimWorld) -> None:
    broken, faults, said = PLANTED[name]
    found = violated(run_once(broken().scenario(), {}, FaultPlan(faults), sim))
    assert said in found["lifecycle_events"]
    twin = TellsItsUndos if broken is MissesAnUndo else TellsItsLife
    run = run_once(twin().scenario(), {}, FaultPlan(faults), sim)
    assert (violated(run), verdict(run)) == ({}, Verdict.HELD)
    assert len({fired.fault for _, fired in run.history.of(FaultFired)}) == len(faults)


@pytest.mark.parametrize("twin", [TellsItsLife, TellsItsUndos])
def test_the_sound_one_holds_with_every_single_fault(twin: type[Shop], sim: SimWorld) -> None:
    searched = search(twin().scenario(), sim, 1)
    assert searched.told == {}
    statuses = {one.statuses[0] for one in searched.run_summaries}
    assert statuses >= {Status.COMPLETED, Status.COMPENSATED, Status.STUCK}


@pytest.mark.parametrize("before", [(), (CHARGE_REFUSED,)], ids=["forward", "back"])
def test_and_wherever_its_process_dies(before: tuple[Fault, ...], sim: SimWorld) -> None:
    """What was published is there: that a process died excuses nothing."""
    scenario = TellsItsUndos().scenario(claims=DEATH)
    broken, died = {}, 0
    for operation, possible in enabled_faults(scenario, "sim").possible.items():
        for variant in (one.variant for one in possible if one.kind.name == "crash"):
            crash = Fault(kind="crash", operation=operation, variant=variant)
            run = run_once(scenario, {}, FaultPlan((*before, crash)), sim)
            died += "crash" in [one.kind for _, one in run.history.of(FaultFired)]
            if violated(run):
                broken[crash] = violated(run)
    assert broken == {}
    assert died > 20


def test_the_same_event_counts_once_however_often_the_bus_has_it(sim: SimWorld) -> None:
    run = run_once(TellsItsLife().scenario(), {}, FaultPlan((UNHEARD,)), sim)
    told = [one.id for _, one in run.history.of(MessagePublished) if one.type == "SagaStepCompleted"]
    assert len(told) == len(set(told)) + 1
    assert violated(run) == {}


def test_the_step_that_an_event_names_is_recorded(sim: SimWorld) -> None:
    run = run_once(TellsItsLife().scenario(), {}, FaultPlan(), sim)
    told = [one.step for _, one in run.history.of(MessagePublished) if one.type == "SagaStepCompleted"]
    assert told == ["hold", "charge"]


@pytest.mark.parametrize("faults", [(), (CHARGE_REFUSED,)], ids=["completes", "turns back"])
def test_one_that_publishes_its_end_alone_tells_nothing_of_its_life(
    faults: tuple[Fault, ...], sim: SimWorld
) -> None:
    run = run_once(EndsByTheirNames().scenario(), {}, FaultPlan(faults), sim)
    assert (violated(run), verdict(run)) == ({}, Verdict.NOT_EXERCISED)
