"""Several sagas of one scenario in one simulated run: side by side, each judged, with faults of its own."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.errors import PlanError, UsageError
from harness.history import ExecutorBegan, ExecutorEnded, History
from harness.history.codec import decode_history, encode_history
from harness.history.events import FaultFired, RunBegan
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_sagas
from harness.saga import Json, SagaStart
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import saga_of, scenario_of

HOLD, CHARGE = "stock.hold.create", "bank.charge.create"
STYLES = pytest.mark.parametrize("style", ["async", "plain"])
TWO = (SagaStart(id="saga-a", input={}), SagaStart(id="saga-b", input={}))


def run(world: SimWorld, saga: CallableSaga, sagas: tuple[SagaStart, ...], *faults: Fault) -> Run:
    return run_sagas(scenario_of(saga), sagas, FaultPlan(faults), world)


def ends(history: History) -> dict[str, str | None]:
    return {one.saga_id: one.status for _, one in history.of(ExecutorEnded)}


def began(history: History) -> list[tuple[int, str, bool]]:
    return [(one.executor, one.saga_id, one.resumed) for _, one in history.of(ExecutorBegan)]


@STYLES
def test_they_run_side_by_side_and_each_call_is_its_sagas(sim: SimWorld, style: str) -> None:
    found = run(sim, saga_of(style), TWO)
    assert ends(found.history) == {"saga-a": "completed", "saga-b": "completed"}
    assert began(found.history) == [(1, "saga-a", False), (2, "saga-b", False)]
    senders = [call.sent.saga_id for call in found.history.calls]
    assert senders.count("saga-a") == senders.count("saga-b") == 3
    assert senders != sorted(senders), "one after the other"
    assert not found.violated
    assert [saga.saga_id for saga in found.view.sagas] == ["saga-a", "saga-b"]


@STYLES
def test_the_same_starts_give_the_same_history(sim: SimWorld, style: str) -> None:
    fault = Fault(kind="lose_reply", operation=HOLD, saga=2)
    first, second = (run(sim, saga_of(style), TWO, fault) for _ in range(2))
    assert encode_history(first.history) == encode_history(second.history)


def test_a_lock_that_sagas_share_keeps_them_apart_in_every_run(sim: SimWorld) -> None:
    """A module's lock: in a service there is one loop for all sagas, in sim one for each run."""
    lock = asyncio.Lock()
    sound = saga_of("async")

    async def one_at_a_time(ctx: SagaContext, input_: Json) -> object:
        async with lock:
            return await sound.function(ctx, input_)  # type: ignore[misc]

    for _ in range(2):
        found = run(sim, CallableSaga(one_at_a_time, "one at a time"), TWO)
        assert ends(found.history) == {"saga-a": "completed", "saga-b": "completed"}
        senders = [call.sent.saga_id for call in found.history.calls]
        assert senders == sorted(senders), "one after the other"


def test_a_saga_begins_when_its_time_comes(sim: SimWorld) -> None:
    late = (TWO[0], SagaStart(id="saga-b", input={}, at_s=7.5))
    found = run(sim, saga_of("async"), late)
    times = {one.saga_id: one.t_s for _, one in found.history.of(ExecutorBegan)}
    assert times == {"saga-a": 0.0, "saga-b": 7.5}
    assert ends(found.history) == {"saga-a": "completed", "saga-b": "completed"}
    assert not found.violated


@STYLES
@pytest.mark.parametrize(("saga", "undone"), [(1, "saga-a"), (2, "saga-b")])
def test_a_fault_that_names_a_saga_strikes_that_one_alone(
    sim: SimWorld, style: str, saga: int, undone: str
) -> None:
    found = run(sim, saga_of(style), TWO, Fault(kind="reject", operation=CHARGE, saga=saga))
    assert ends(found.history) == {one.id: "compensated" if one.id == undone else "completed" for one in TWO}
    (fired,) = (one for _, one in found.history.of(FaultFired))
    assert found.history.calls[fired.call - 1].sent.saga_id == undone
    assert not found.violated


@STYLES
@pytest.mark.parametrize("kind", ["crash", "pause", "race", "start_twice", "move"])
def test_a_process_fault_strikes_the_saga_that_it_names(sim: SimWorld, style: str, kind: str) -> None:
    found = run(sim, saga_of(style), TWO, Fault(kind=kind, operation=CHARGE, saga=2))
    again = [saga_id for _, saga_id, _ in began(found.history)[2:]]
    assert again
    assert set(again) == {"saga-b"}
    assert found.history.fired() == {0}
    assert ends(found.history) == {"saga-a": "completed", "saga-b": "completed"}
    assert not found.violated


def test_each_has_its_input_and_a_store_of_its_own(sim: SimWorld) -> None:
    seen: dict[str, Json] = {}

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert not list(ctx.store_dir.iterdir())
        (ctx.store_dir / ctx.saga_id).write_text("mine")
        await asyncio.sleep(1)
        seen[ctx.saga_id] = (input_, [one.name for one in ctx.store_dir.iterdir()])
        return {"status": "completed"}

    sagas = tuple(SagaStart(id=one.id, input=number) for number, one in enumerate(TWO))
    found = run(sim, CallableSaga(saga, "stores", durable=True), sagas)
    assert seen == {"saga-a": (0, ["saga-a"]), "saga-b": (1, ["saga-b"])}
    (start,) = (one for _, one in found.history.of(RunBegan))
    assert (start.saga_ids, start.input, start.sagas) == (("saga-a", "saga-b"), 0, sagas)
    assert decode_history(encode_history(found.history), "history") == found.history


def test_one_that_begins_at_once_is_written_as_ever(sim: SimWorld) -> None:
    found = run(sim, saga_of("async"), TWO[:1])
    (start,) = (one for _, one in found.history.of(RunBegan))
    assert start.sagas is msgspec.UNSET
    assert b"sagas" not in msgspec.json.encode(start)


def test_one_that_waits_is_called_again_once_all_are_quiet(sim: SimWorld) -> None:
    calls: list[str] = []

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        calls.append(ctx.saga_id)
        await asyncio.sleep(1)
        waits = calls.count(ctx.saga_id) < (1 if ctx.saga_id == "saga-a" else 3)
        return {"status": "running" if waits else "completed"}

    found = run(sim, CallableSaga(saga, "waits", durable=True), TWO)
    assert calls == ["saga-a", "saga-b", "saga-b", "saga-b"]
    assert ends(found.history) == {"saga-a": "completed", "saga-b": "completed"}


def test_one_whose_time_has_not_come_when_the_run_is_over_never_begins(sim: SimWorld) -> None:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        while True:
            await ctx.client.get(f"{ctx.urls['stock']}/holds")  # type: ignore[misc]

    late = (TWO[0], SagaStart(id="saga-b", input={}, at_s=250.0))
    found = run(sim, CallableSaga(saga, "endless"), late)
    assert [saga_id for _, saga_id, _ in began(found.history)] == ["saga-a"]
    assert [saga.saga_id for saga in found.view.sagas] == ["saga-a"]
    (message,) = {one.message for one in found.violated}
    assert message.startswith("the run made more than 10000 calls")


def test_a_saga_that_does_not_undo_is_found_beside_one_that_completes(sim: SimWorld) -> None:
    """A broken saga's verdict is not covered by the sound one beside it."""

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        await ctx.client.post(  # type: ignore[misc]
            f"{ctx.urls['stock']}/holds",
            json={"saga_id": ctx.saga_id},
            headers={"Idempotency-Key": f"{ctx.saga_id}:hold"},
        )
        return {"status": input_}

    sagas = (SagaStart(id="saga-a", input="compensated"), SagaStart(id="saga-b", input="compensated"))
    found = run(sim, CallableSaga(saga, "keeps"), sagas)
    assert {"no_orphaned_resources", "complete_compensation"} & {one.invariant for one in found.violated}


def test_what_cannot_be_is_refused_before_anything_runs(sim: SimWorld) -> None:
    with pytest.raises(
        UsageError, match=r"saga 2, at_s: found 300.0, expected .* before its faults end at 300 s"
    ):
        run(sim, saga_of("async"), (TWO[0], SagaStart(id="saga-b", input={}, at_s=300.0)))
    with pytest.raises(
        PlanError, match="fault 1, saga: found 3, expected the number of a saga of the run, 1 to 2"
    ):
        run(sim, saga_of("async"), TWO, Fault(kind="crash", operation=HOLD, saga=3))
