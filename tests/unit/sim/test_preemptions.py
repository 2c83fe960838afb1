"""Sagas of one run that take turns, in virtual time: who is held where; the same every time."""

from __future__ import annotations

import asyncio

import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.errors import PlanError, UsageError
from harness.history import (
    ExecutorBegan,
    ExecutorEnded,
    History,
    NobodyHeld,
    Passed,
    Phase,
    PhaseBegan,
    TurnPassed,
)
from harness.history.codec import decode_history, encode_history
from harness.plan import Fault, FaultPlan, Lasting, Preemption, Site
from harness.runner import Run, run_once, run_sagas
from harness.saga import Json, SagaStart
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import saga_of, scenario_of

HOLD, CHARGE, PARCEL = "stock.hold.create", "bank.charge.create", "post.parcel.create"
STYLES = pytest.mark.parametrize("style", ["async", "plain"])


def run(world: SimWorld, saga: CallableSaga, plan: FaultPlan) -> Run:
    return run_once(scenario_of(saga), {}, plan, world)


def told(history: History) -> list[str]:
    """`1 stock.hold.create`: which saga's request was handled, in that order; `1 ended`."""
    numbers = {id_: number for number, id_ in enumerate(history.began.saga_ids, 1)}
    events: list[tuple[int, str]] = [
        (call.deliveries[0], f"{numbers[call.sent.saga_id]} {call.sent.operation}")
        for call in history.calls
        if call.deliveries
    ]
    events += [(index, f"{numbers[one.saga_id]} ended") for index, one in history.of(ExecutorEnded)]
    return [text for _, text in sorted(events)]


def why(history: History) -> list[Passed]:
    return [one.why for _, one in history.of(TurnPassed)]


ALL = (HOLD, CHARGE, PARCEL)


@STYLES
def test_without_a_preemption_they_run_one_after_the_other(sim: SimWorld, style: str) -> None:
    found = run(sim, saga_of(style), FaultPlan(sagas=3))
    assert told(found.history) == [f"{saga} {what}" for saga in (1, 2, 3) for what in (*ALL, "ended")]
    assert not found.history.of(TurnPassed)
    assert found.saga_id == found.history.began.saga_ids[0]
    assert len(set(found.history.began.saga_ids)) == 3
    assert not found.violated


@STYLES
@pytest.mark.parametrize("site", ALL)
def test_one_is_held_before_its_call_is_delivered(sim: SimWorld, style: str, site: str) -> None:
    plan = FaultPlan((), (Preemption(saga=1, operation=site, run=2),), 2)
    found = run(sim, saga_of(style), plan)
    at = ALL.index(site)
    assert told(found.history) == [
        *(f"1 {what}" for what in ALL[:at]),
        *(f"2 {what}" for what in (*ALL, "ended")),
        *(f"1 {what}" for what in (*ALL[at:], "ended")),
    ]
    (passed, back) = (one for _, one in found.history.of(TurnPassed))
    first, second = found.history.began.saga_ids
    assert (passed.saga_id, passed.held, passed.preemption) == (second, first, 0)
    assert found.history.calls[at].sent.call == passed.call
    assert (back.saga_id, back.held, back.why) == (first, None, Passed.ENDED)
    assert not found.violated


@STYLES
def test_the_other_one_runs_to_a_call_of_its_own(sim: SimWorld, style: str) -> None:
    plan = FaultPlan((), (Preemption(saga=1, operation=CHARGE, run=2, until=Site(operation=PARCEL)),), 2)
    found = run(sim, saga_of(style), plan)
    assert told(found.history) == [
        *(f"1 {HOLD}", f"2 {HOLD}", f"2 {CHARGE}"),
        *(f"1 {CHARGE}", f"1 {PARCEL}", "1 ended"),
        *(f"2 {PARCEL}", "2 ended"),
    ]
    assert why(found.history) == [Passed.PREEMPTED, Passed.REACHED, Passed.ENDED]


@STYLES
def test_the_same_plan_gives_the_same_history(sim: SimWorld, style: str) -> None:
    plan = FaultPlan(
        (Fault(kind="lose_reply", operation=HOLD, saga=2),),
        (
            Preemption(saga=1, operation=CHARGE, run=2, until=Site(operation=CHARGE)),
            Preemption(saga=1, operation=PARCEL, run=3),
        ),
        3,
    )
    first, second = (run(sim, saga_of(style), plan).history for _ in range(2))
    assert encode_history(first) == encode_history(second)
    assert decode_history(encode_history(first), "history") == first
    assert first.fired() == {0}


@STYLES
def test_waiting_at_the_door_is_no_time_out(sim: SimWorld, style: str) -> None:
    """The saga gives up after 0.2 s; the other one takes longer, for every reply to it is slow."""
    slow = Fault(kind="slow", operation=CHARGE, count=Lasting.FOR_EVER, variant="95%", saga=2)
    held = Preemption(saga=1, operation=HOLD, run=2)
    found = run(sim, saga_of(style), FaultPlan((slow,), (held,), 2))
    first = found.history.calls[0]
    assert first.answered is not None
    assert first.answered.t_s - first.sent.t_s > 0.19
    assert len(found.history.calls) == 6


@STYLES
@pytest.mark.parametrize("kind", ["crash", "pause", "race", "start_twice", "move"])
def test_the_next_one_begins_when_nobody_of_the_one_before_is_left(
    sim: SimWorld, style: str, kind: str
) -> None:
    found = run(sim, saga_of(style), FaultPlan((Fault(kind=kind, operation=CHARGE, saga=1),), (), 2))
    began = [one.saga_id for _, one in found.history.of(ExecutorBegan)]
    first, second = found.history.began.saga_ids
    assert began.count(first) >= 2
    assert (began.index(second), began.count(second)) == (len(began) - 1, 1)
    last = max(index for index, one in found.history.of(ExecutorEnded) if one.saga_id == first)
    assert last < found.history.of(ExecutorBegan)[-1][0]
    assert found.history.fired() == {0}
    assert not found.violated


@STYLES
def test_a_crash_may_strike_one_that_was_held(sim: SimWorld, style: str) -> None:
    crash = Fault(kind="crash", operation=CHARGE, saga=1, variant="applied")
    held = Preemption(saga=1, operation=CHARGE, run=2)
    found = run(sim, saga_of(style), FaultPlan((crash,), (held,), 2))
    assert found.history.fired() == {0}
    assert {saga.status for saga in found.view.sagas} == {"completed"}
    assert not found.violated


def test_one_that_waits_for_one_that_is_held_lets_it_go_on(sim: SimWorld) -> None:
    """Else it would ask in vain until every fault heals."""
    asked: list[str] = []

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        if not asked:
            asked.append(ctx.saga_id)
            await ctx.client.get(f"{ctx.urls['bank']}/charges", params={"saga_id": ctx.saga_id})  # type: ignore[misc]
            asked.append("free")
            return {"status": "compensated"}
        for _ in range(1000):
            await ctx.client.get(f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id})  # type: ignore[misc]
            if "free" in asked:
                return {"status": "compensated"}
            await asyncio.sleep(0.1)
        return {"status": "running"}

    plan = FaultPlan((), (Preemption(saga=1, operation="bank.charge.find", run=2),), 2)
    found = run(sim, CallableSaga(saga, "waits"), plan)
    assert why(found.history) == [Passed.PREEMPTED, Passed.WAITS, Passed.ENDED]
    assert [one.status for _, one in found.history.of(ExecutorEnded)] == ["compensated", "compensated"]
    assert len(found.history.calls) < 10


def test_sagas_that_wait_for_each_other_are_told_and_the_run_ends(sim: SimWorld) -> None:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        for _ in range(50):
            await ctx.client.get(f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id})  # type: ignore[misc]
            await asyncio.sleep(0.1)
        return {"status": "compensated"}

    plan = FaultPlan((), (Preemption(saga=1, operation="stock.hold.find", run=2),), 2)
    found = run(sim, CallableSaga(saga, "deadlock"), plan)
    (free,) = (one for _, one in found.history.of(NobodyHeld))
    assert free.waited == found.history.began.saga_ids
    settling = next(index for index, one in found.history.of(PhaseBegan) if one.phase is Phase.SETTLING)
    assert found.history.of(NobodyHeld)[0][0] < settling
    assert len(found.history.of(ExecutorEnded)) == 2


def test_who_waits_without_a_call_is_let_go_on_when_all_heals(sim: SimWorld) -> None:
    free: list[str] = []

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        if not free:
            free.append("begun")
            await ctx.client.get(f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id})  # type: ignore[misc]
            free.append("ended")
        for _ in range(1000):
            if "ended" in free:
                break
            await asyncio.sleep(1)
        return {"status": "compensated"}

    plan = FaultPlan((), (Preemption(saga=1, operation="stock.hold.find", run=2),), 3)
    found = run(sim, CallableSaga(saga, "flag"), plan)
    ((_, one),) = found.history.of(NobodyHeld)
    assert one.waited == ()
    assert len(found.history.of(ExecutorEnded)) == 3, "the third begins then, too"


def test_a_call_that_finds_nobody_is_not_held(sim: SimWorld) -> None:
    away = Fault(kind="refuse", operation=HOLD, saga=1)
    found = run(sim, saga_of("async"), FaultPlan((away,), (Preemption(saga=1, operation=HOLD, run=2),), 2))
    (first, *_) = found.history.of(TurnPassed)
    calls = found.history.calls
    assert first[1].call == 2, "the first call that finds the participant there"
    assert calls[0].failed is not None


def test_what_sagas_share_in_memory_is_shared(sim: SimWorld) -> None:
    """One process, as in a service that runs them as tasks: what a global holds is seen by the other."""
    seen: list[tuple[str, str]] = []
    current = {"saga": ""}

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        current["saga"] = ctx.saga_id
        await ctx.client.get(f"{ctx.urls['stock']}/holds", params={"saga_id": ctx.saga_id})  # type: ignore[misc]
        seen.append((ctx.saga_id, current["saga"]))
        return {"status": "compensated"}

    plan = FaultPlan((), (Preemption(saga=1, operation="stock.hold.find", run=2),), 2)
    found = run(sim, CallableSaga(saga, "global"), plan)
    first, second = found.history.began.saga_ids
    del first
    assert [who == whose for who, whose in seen] == [True, False]
    assert seen[1][1].endswith(second.removeprefix(found.saga_id))


def test_what_cannot_be_is_refused_before_anything_runs(sim: SimWorld) -> None:
    scenario = scenario_of(saga_of("async"))
    two = (SagaStart(id="a", input={}), SagaStart(id="b", input={}, at_s=1))
    with pytest.raises(PlanError, match="plan, sagas: found 3, expected 2, the sagas that are started"):
        run_sagas(scenario, two, FaultPlan(sagas=3), sim)
    with pytest.raises(UsageError, match="saga 2, at_s: found 1, expected 0"):
        run_sagas(scenario, two, FaultPlan(sagas=2), sim)
    with pytest.raises(UsageError, match="saga_id: found 'mine', expected none: the run starts 2 sagas"):
        run_once(scenario, {}, FaultPlan(sagas=2), sim, saga_id="mine")


def test_sagas_with_ids_of_their_own_may_take_turns(sim: SimWorld) -> None:
    two = (SagaStart(id="a", input={}), SagaStart(id="b", input={}))
    plan = FaultPlan((), (Preemption(saga=1, operation=CHARGE, run=2),), 2)
    found = run_sagas(scenario_of(saga_of("async")), two, plan, sim)
    assert [one.saga_id for _, one in found.history.of(ExecutorEnded)] == ["b", "a"]


def test_the_plan_of_started_sagas_says_what_each_was_given(sim: SimWorld) -> None:
    plan, there, back = FaultPlan(sagas=2), SagaStart(id="a", input={"n": 1}), SagaStart(id="b", input={})
    scenario = scenario_of(saga_of("async"))
    assert run_sagas(scenario, (there, back), plan, sim).plan == FaultPlan(sagas=2, other_inputs=({},))
    other = FaultPlan(sagas=2, other_inputs=({"n": 2},))
    with pytest.raises(PlanError, match=r"plan, other_inputs: found .*, expected none, or the inputs"):
        run_sagas(scenario, (there, back), other, sim)
    assert [one.input for one in run_once(scenario, {}, other, sim).history.began.sagas or ()] == [
        {},
        {"n": 2},
    ]
