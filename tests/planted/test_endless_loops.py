"""A saga that tries again at once, for ever, is ended once that is certain; the patient one never is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

import pytest

from harness.history import EndedEarly, History
from harness.history.codec import decode_history, encode_history
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.saga import Json, OnFailedCompensation, SagaPolicy
from harness.search.run_summary import summarise_run
from harness.views import loops
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, HOLD, TWINS, Plant, search
from tests.planted.sagas import Saga, Task

FOR_EVER = SagaPolicy(failed_compensation=OnFailedCompensation.FOREVER)
UNDO = "stock.hold.delete_by_saga"

FEW = 40
"""Calls of a run that was stopped; without that it makes 10,000."""


class UndoesForEver(Saga):
    """Sound where the policy says so: it undoes until it is done, with a pause."""

    between_s: ClassVar[float] = 10.0

    async def undo(self, task: Task) -> bool:
        for _ in range(100_000):
            if await super().undo(task):
                return True
            await asyncio.sleep(self.between_s)
        return False


class UndoesInATightLoop(UndoesForEver):
    """No pause at all."""

    pause_s = between_s = 0.0


class RetriesLong(Saga):
    """Sound: as often as it may, with a pause."""

    attempts = 12


class RetriesForEver(Saga):
    """Patient, but without a bound."""

    attempts = 10_000


class MakesAKeyOfItsOwn(RetriesForEver):
    """A new key each time: what it made is found on the way."""

    def key(self, task: Task, attempt: int) -> str | None:
        return f"{super().key(task, attempt)}:{attempt}"


TIGHT_LOOP = Plant(
    broken=UndoesInATightLoop,
    sound=UndoesForEver,
    caught_by="bounded_retries",
    smallest=(),
    policy=FOR_EVER,
)
WITHOUT_BOUND = Plant(
    broken=RetriesForEver, sound=RetriesLong, caught_by="bounded_retries", smallest=(), tasks=(HOLD,)
)
PLANTS = {"a tight loop of undos": TIGHT_LOOP, "actions without a bound": WITHOUT_BOUND}


def away(operation: str) -> FaultPlan:
    return FaultPlan((Fault(kind="error_before", operation=operation, count=Lasting.FOR_EVER),))


def failing_undo() -> FaultPlan:
    return FaultPlan((Fault(kind="reject", operation="bank.charge.create"), *away(UNDO).faults))


def run(sim: SimWorld, kind: type[Saga], plan: FaultPlan, policy: SagaPolicy = FOR_EVER) -> Run:
    plant = Plant(broken=kind, caught_by="", smallest=(), tasks=(HOLD, CHARGE), policy=policy)
    return run_once(plant.broken_scenario(), {}, plan, sim)


def early(history: History) -> list[EndedEarly]:
    return [event for event in history.events if isinstance(event, EndedEarly)]


def test_a_tight_loop_of_undos_is_ended_after_a_few_calls(sim: SimWorld) -> None:
    found = run(sim, UndoesInATightLoop, failing_undo())
    assert len(found.history.calls) <= FEW
    (ended,) = early(found.history)
    assert ended.why == "the compensation of step hold was repeated 7 times under min_gap_s"
    assert [one.invariant for one in found.violated] == ["bounded_retries"]
    assert found.view.sagas[0].ended is not None
    assert found.view.sagas[0].ended.timed_out


def test_without_that_it_makes_ten_thousand(sim: SimWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_LOOK", 1 << 60)
    found = run(sim, UndoesInATightLoop, failing_undo())
    assert len(found.history.calls) > 10_000
    assert "termination" in [one.invariant for one in found.violated]


def test_its_history_says_so_in_its_file_form_too(sim: SimWorld) -> None:
    history = run(sim, UndoesInATightLoop, failing_undo()).history
    read = decode_history(encode_history(history), "here")
    assert read == history
    assert read.ended_early == early(history)[0].why


def test_too_many_attempts_are_ended_by_a_wide_margin(sim: SimWorld) -> None:
    found = run(sim, RetriesForEver, away("stock.hold.create"), SagaPolicy())
    assert 24 < len(found.history.calls) <= FEW
    assert early(found.history)[0].why == (
        "the action of step hold was attempted 32 times, and max_attempts is 12"
    )
    assert [one.invariant for one in found.violated] == ["bounded_retries"]


def test_what_has_happened_by_then_is_judged_and_how_it_ended_is_not(sim: SimWorld) -> None:
    found = run(sim, MakesAKeyOfItsOwn, away("stock.hold.create"), SagaPolicy())
    assert [one.invariant for one in found.violated] == ["bounded_retries", "idempotency_keys"]
    ends = ("no_orphaned_resources", "truthful_outcome", "termination", "complete_compensation")
    told = {one.invariant: one for one in found.judgements}
    for id_ in (*ends, "failed_compensation_escalated", "log_agreement"):
        assert told[id_].verdict is Verdict.NOT_EXERCISED
        assert told[id_].message.startswith("not judged, the run was ended early: the action of step hold")


@pytest.mark.parametrize(
    ("kind", "plan", "policy"),
    [
        (UndoesForEver, failing_undo(), FOR_EVER),
        (RetriesLong, failing_undo(), SagaPolicy()),
        (RetriesLong, away("stock.hold.create"), SagaPolicy()),
    ],
)
def test_who_keeps_to_the_bounds_is_never_ended_early(
    sim: SimWorld, kind: type[Saga], plan: FaultPlan, policy: SagaPolicy
) -> None:
    found = run(sim, kind, plan, policy)
    assert early(found.history) == []
    assert found.violated == ()
    assert len(found.history.calls) >= 12  # it was looked at


class AnswersRunning(Saga):
    """For ever."""

    async def run(self) -> Json:
        return self.outcome("running")


def test_nothing_is_built_on_who_answers_running_to_the_end(sim: SimWorld) -> None:
    """It is called again until its time is up: only then is it certain that nobody finishes."""
    plant = Plant(broken=AnswersRunning, caught_by="termination", smallest=(), tasks=(HOLD,))
    scenario = replace(plant.broken_scenario(), time_limit_s=2.0)
    run_summary = summarise_run(run_once(scenario, {}, FaultPlan(), sim), 0)
    assert run_summary.violated == ("termination",)
    assert run_summary.cut_short


@pytest.mark.parametrize("name", PLANTS)
@TWINS
def test_searched(sim: SimWorld, name: str, twin: str) -> None:
    plant = PLANTS[name]
    searched = search(plant.scenario(twin), sim, plant.depth)
    assert searched.completes
    assert any(run_summary.cut_short for run_summary in searched.run_summaries) is (twin == "broken")
    assert set(searched.told) == (set() if twin == "sound" else {plant.caught_by})
    cut = {run_summary.plan for run_summary in searched.run_summaries if run_summary.cut_short}
    built_on = [
        one.plan
        for one in searched.run_summaries
        if one.plan.faults[:-1] and FaultPlan(one.plan.faults[:-1]) in cut
    ]
    assert built_on == []
