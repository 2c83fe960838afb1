"""Handlers that are plain functions: the same mistakes are found, and the sound ones hold, in both worlds."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from harness.history import FaultFired, History, MessageDelivered
from harness.history.codec import encode_history
from harness.plan import Fault, FaultPlan, Preemption
from harness.runner import Run, run_once
from harness.saga import Claim, Status
from harness.scenario import Scenario
from harness.worlds.protocol import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.kit import UNKEYED, search
from tests.planted.messages.plain import (
    DURABLE_PLAIN,
    Asks,
    LockOfTheModule,
    PlainNoInbox,
    PlainNoOutbox,
    PlainPublishesFirst,
    PlainShop,
    PlainUnlocked,
)
from tests.planted.messages.scenario import QUICK, on_rabbitmq
from tests.planted.messages.test_planted import Plant, first_violation
from tests.wire.rabbitmq import REQUIRED

AT_ONCE = Fault(kind="duplicate_message", operation="events.OrderPlaced.deliver", variant="at_once")
PLANTS = (
    Plant(
        broken=PlainPublishesFirst,
        sound=PlainShop,
        caught_by="truthful_outcome",
        smallest=Fault(kind="reject", operation="stock.hold.create"),
    ),
    Plant(
        broken=PlainNoOutbox,
        sound=PlainShop,
        caught_by="termination",
        smallest=Fault(kind="refuse", operation="events.StockReserved.publish"),
    ),
    Plant(
        broken=PlainNoInbox,
        sound=PlainShop,
        caught_by="idempotent_actions",
        smallest=AT_ONCE,
        more={"participants": UNKEYED},
    ),
    Plant(
        broken=PlainUnlocked,
        sound=LockOfTheModule,
        caught_by="idempotent_actions",
        smallest=AT_ONCE,
        more={"participants": UNKEYED},
    ),
)
EACH = pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.broken.__name__)


def violated(run: Run) -> set[str]:
    return {one.invariant for one in run.judgements if one.message}


def ends(run: Run) -> list[Status | None]:
    return [one.status for one in run.view.sagas]


def fired(history: History) -> list[str]:
    return [one.kind for _, one in history.of(FaultFired)]


# In virtual time ------------------------------------------------------------------------------


@EACH
def test_the_broken_one_is_caught(plant: Plant, sim: SimWorld) -> None:
    found = first_violation(plant.broken().scenario(**plant.more), sim, plant.caught_by)
    assert found.plan == FaultPlan((plant.smallest,)), found.found[plant.caught_by].message


@EACH
def test_its_twin_holds(plant: Plant, sim: SimWorld) -> None:
    run = run_once(plant.sound().scenario(**plant.more), {}, FaultPlan((plant.smallest,)), sim)
    assert (violated(run), fired(run.history)) == (set(), [plant.smallest.kind])


def test_the_sound_one_passes_with_every_single_fault(sim: SimWorld) -> None:
    searched = search(PlainShop().scenario(), sim, 1)
    assert searched.told == {}
    statuses = {one.statuses[0] for one in searched.run_summaries}
    assert statuses == {Status.COMPLETED, Status.COMPENSATED, Status.STUCK}


def test_two_messages_are_handled_side_by_side(sim: SimWorld) -> None:
    """As threads do: the second begins while the first one waits for an answer."""
    run = run_once(PlainUnlocked().scenario(participants=UNKEYED), {}, FaultPlan((AT_ONCE,)), sim)
    first, second, *_ = [one for one in run.history.calls if one.site[0] == "stock.hold.create"]
    assert second.sent.t_s < (first.end_s or 0.0)


def test_the_same_plan_makes_the_same_history(sim: SimWorld) -> None:
    runs = [run_once(PlainUnlocked().scenario(), {}, FaultPlan((AT_ONCE,)), sim) for _ in range(2)]
    assert len({encode_history(run.history) for run in runs}) == 1


@pytest.mark.parametrize("where", ["before_send", "on_arrival", "applied", "answered"])
@pytest.mark.parametrize("operation", ["stock.hold.create", "events.StockReserved.publish"])
def test_a_thread_that_dies_runs_no_other_line(sim: SimWorld, operation: str, where: str) -> None:
    """It holds a lock; the process that comes after it finds that free."""
    claims = frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})
    plan = FaultPlan((Fault(kind="crash", operation=operation, variant=where),))
    for saga in (PlainShop(), LockOfTheModule()):
        run = run_once(saga.scenario(promise=QUICK, claims=claims), {}, plan, sim)
        assert (violated(run), fired(run.history)) == (set(), ["crash"])


@pytest.mark.parametrize("kind", ["pause", "race"])
def test_another_executor_takes_over(sim: SimWorld, kind: str) -> None:
    claims = frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH, Claim.RETRY_ELSEWHERE})
    plan = FaultPlan((Fault(kind=kind, operation="bank.charge.create"),))
    run = run_once(PlainShop().scenario(promise=QUICK, claims=claims), {}, plan, sim)
    assert (violated(run), fired(run.history)) == (set(), [kind])


# In both worlds, and over a broker ------------------------------------------------------------


@pytest.fixture(scope="module", params=["sim", pytest.param("wire", marks=pytest.mark.wire)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    opened: SimWorld | WireWorld = SimWorld() if request.param == "sim" else WireWorld("toxiproxy")
    with opened as one:
        yield one


def both(scenario: Scenario, plan: FaultPlan, world: World) -> list[Run]:
    """On the wire over RabbitMQ, too, where its tests are asked for."""
    found = [run_once(scenario, {}, plan, world)]
    if world.name == "wire" and REQUIRED in os.environ:
        found.append(run_once(on_rabbitmq(scenario), {}, plan, world))
    return found


@EACH
def test_what_is_wrong_is_wrong_in_both_worlds(plant: Plant, world: World) -> None:
    plan = FaultPlan((plant.smallest,))
    for run in both(plant.broken().scenario(promise=QUICK, **plant.more), plan, world):
        assert plant.caught_by in violated(run)
    for run in both(plant.sound().scenario(promise=QUICK, **plant.more), plan, world):
        assert (violated(run), fired(run.history)) == (set(), [plant.smallest.kind])


@pytest.mark.parametrize("kind", ["lose_ack", "drop_message", "reorder_message"])
def test_a_fault_of_a_delivery_means_the_same(kind: str, world: World) -> None:
    plan = FaultPlan((Fault(kind=kind, operation="events.StockReserved.deliver"),))
    for run in both(PlainShop().scenario(promise=QUICK), plan, world):
        assert (violated(run), ends(run)) == (set(), [Status.COMPLETED])
        got = [one.attempt for _, one in run.history.of(MessageDelivered) if one.subscription == "charge_now"]
        assert got == {"drop_message": [2], "reorder_message": [1]}.get(kind, [1, 2])


def test_a_reply_is_waited_for(world: World) -> None:
    lost = Fault(kind="drop_message", operation="events.Ask.deliver")
    for plan in (FaultPlan(), FaultPlan((lost,))):
        for run in both(Asks().scenario(promise=QUICK), plan, world):
            assert (violated(run), ends(run)) == (set(), [Status.COMPLETED])


def test_a_process_of_threads_is_killed(world: World) -> None:
    plan = FaultPlan((Fault(kind="crash", operation="bank.charge.create", variant="applied"),))
    run = run_once(DURABLE_PLAIN, {}, plan, world)
    assert (violated(run), fired(run.history)) == (set(), ["crash"])


def test_one_saga_is_held_while_another_runs(world: World) -> None:
    plan = FaultPlan((), (Preemption(saga=1, operation="bank.charge.create", run=2),), 2)
    run = run_once(PlainShop().scenario(promise=QUICK), {}, plan, world)
    assert (violated(run), ends(run)) == (set(), [Status.COMPLETED] * 2)
