"""Each fault of a delivery in virtual time: that it fired, what the handlers got, and how the saga ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.bus import Keeping, Promise
from harness.faults import KINDS
from harness.faults.enabled import enabled_faults
from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    ExecutorEnded,
    FaultFired,
    History,
    MessageDead,
    MessageDelivered,
    PhaseBegan,
)
from harness.history.codec import decode_history, encode_history
from harness.loading import load
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.saga import Claim, Status
from harness.worlds.sim.world import SimWorld
from tests.planted.messages.broken import Parallel
from tests.planted.messages.shop import Shop

SITE = "events.StockReserved.deliver"
AMOUNT = {"amount": 10}
PUBLISHED, WORKSPACE = "events.BillingProfileCreated.publish", "events.WorkspaceCreated.deliver"
ONBOARDED = {"client_id": "client-7", "name": "Harbour", "email": "ann@harbour.example", "plan": "team"}


@pytest.fixture(scope="module")
def world() -> Iterator[SimWorld]:
    with SimWorld() as opened:
        yield opened


def struck(world: SimWorld, kind: str, variant: str = "", *, at: str = SITE, **more: object) -> Run:
    fault = Fault(kind=kind, operation=at, variant=variant, **more)  # type: ignore[arg-type]
    run = run_once(Shop().scenario(), {}, FaultPlan((fault,)), world)
    assert not [one for one in run.judgements if one.message], [one.message for one in run.judgements]
    return run


def fired(run: Run) -> list[str]:
    return [one.kind for _, one in run.history.of(FaultFired)]


def handed_over(history: History, to: str = "charge") -> list[tuple[int, int]]:
    """Attempt and copy of what the handler got."""
    return [(one.attempt, one.copy) for _, one in history.of(MessageDelivered) if one.subscription == to]


def at_s(history: History, to: str = "charge") -> list[float]:
    return [one.t_s for _, one in history.of(MessageDelivered) if one.subscription == to]


def ended(run: Run) -> Status | None:
    (_, end), *_ = run.history.of(ExecutorEnded)
    return None if end.status is None else Status(end.status)


def test_without_a_fault_each_message_comes_once(world: SimWorld) -> None:
    run = run_once(Shop().scenario(), {}, FaultPlan(), world)
    assert handed_over(run.history) == [(1, 0)]
    assert ended(run) is Status.COMPLETED


def test_a_dropped_message_comes_again_when_the_bus_stops_waiting(world: SimWorld) -> None:
    run = struck(world, "drop_message", count=2)
    assert fired(run) == ["drop_message", "drop_message"]
    assert handed_over(run.history) == [(3, 0)]
    assert at_s(run.history) == [pytest.approx(60.007, abs=0.01)]
    assert len(run.history.of(CallFailed)) == 2
    assert ended(run) is Status.COMPLETED


def test_what_is_dropped_for_ever_is_a_dead_letter_and_the_saga_stuck(world: SimWorld) -> None:
    run = struck(world, "drop_message", count=Lasting.FOR_EVER)
    ((_, dead),) = run.history.of(MessageDead)
    assert (dead.type, dead.subscription, dead.attempts, dead.struck) == ("StockReserved", "charge", 5, 5)
    assert handed_over(run.history) == []
    assert ended(run) is Status.STUCK


@pytest.mark.parametrize("variant", ["at_once", "after_ack", "after_end", "settling"])
def test_a_duplicate_comes_when_its_variant_says(world: SimWorld, variant: str) -> None:
    run = struck(world, "duplicate_message", variant)
    assert fired(run) == ["duplicate_message"]
    assert handed_over(run.history) == [(1, 0), (1, 1)]
    copy = run.history.of(MessageDelivered)
    again = next(index for index, one in copy if one.copy)
    acknowledged = next(index for index, one in run.history.of(CallAnswered) if one.call == copy[1][1].call)
    (end, _), *_ = run.history.of(ExecutorEnded)
    settling = run.history.of(PhaseBegan)[1][0]
    last = max(index for index, one in copy if not one.copy)
    assert {
        "at_once": again < acknowledged,
        "after_ack": acknowledged < again < end,
        "after_end": last < again < end,
        "settling": settling < again,
    }[variant]


def test_a_reordered_message_is_overtaken(world: SimWorld) -> None:
    """The first of two messages that are under way at once comes after the second was handled."""
    fault = Fault(kind="reorder_message", operation="events.OrderPlaced.deliver")
    run = run_once(Parallel().scenario(inputs=(AMOUNT,)), AMOUNT, FaultPlan((fault,)), world)
    assert fired(run) == ["reorder_message"]
    order = [one.subscription for _, one in run.history.of(MessageDelivered)]
    assert order.index("charge") < order.index("reserve")
    assert ended(run) is Status.COMPLETED


def test_what_nothing_overtakes_was_delayed(world: SimWorld) -> None:
    run = struck(world, "reorder_message")
    assert fired(run) == ["delay_message"]
    assert at_s(run.history) == [pytest.approx(27.005, abs=0.01)]
    assert ended(run) is Status.COMPLETED


def test_a_delayed_message_comes_later(world: SimWorld) -> None:
    run = struck(world, "delay_message", "50%")
    assert fired(run) == ["delay_message"]
    assert handed_over(run.history) == [(1, 0)]
    assert at_s(run.history) == [pytest.approx(15.005, abs=0.01)]


def test_a_message_that_takes_longer_than_the_bus_waits_comes_twice(world: SimWorld) -> None:
    run = struck(world, "delay_message", "150%")
    assert fired(run) == ["delay_message"]
    assert at_s(run.history) == [pytest.approx(30.006, abs=0.01), pytest.approx(45.005, abs=0.01)]
    run = struck(world, "delay_message", "45000ms", at="events.PaymentTaken.deliver")
    assert ended(run) is Status.COMPLETED


def of_onboarding(world: SimWorld, *faults: Fault) -> Run:
    run = run_once(load("client-onboarding-choreographed"), {**ONBOARDED}, FaultPlan(faults), world)
    assert not [one for one in run.judgements if one.message], [one.message for one in run.judgements]
    return run


def test_who_dies_with_a_message_that_came_too_late_leaves_nothing_under_way(world: SimWorld) -> None:
    """It came to a process after the one to which the bus had first meant to deliver it."""
    run = of_onboarding(
        world,
        Fault(kind="reset_after", operation=PUBLISHED, count=3),
        Fault(kind="delay_message", operation=WORKSPACE, variant="150%"),
        Fault(kind="crash", operation=PUBLISHED, nth=4, count=2, variant="before_send"),
    )
    assert [end.status for _, end in run.history.of(ExecutorEnded)][-1] is Status.COMPLETED


def test_of_a_message_that_the_bus_gave_up_before_it_came_no_handler_is_to_blame(world: SimWorld) -> None:
    run = of_onboarding(
        world,
        Fault(kind="lose_reply", operation=PUBLISHED, count=Lasting.FOR_EVER),
        Fault(kind="delay_message", operation=WORKSPACE, nth=5, variant="135%"),
    )
    ((_, dead),) = run.history.of(MessageDead)
    assert dead.last_struck


@pytest.mark.parametrize("variant", ["after_end", "settling"])
def test_a_late_message_comes_after_the_end_and_again_before_it(world: SimWorld, variant: str) -> None:
    run = struck(world, "late_message", variant)
    assert fired(run) == ["late_message"]
    calls = [one.call for _, one in run.history.of(MessageDelivered) if one.subscription == "charge"]
    nth = {one.call: one.nth for _, one in run.history.of(CallSent)}
    assert [nth[one] for one in calls] == [2, 1]
    assert ended(run) is Status.COMPLETED


def test_a_handler_that_dies_before_it_acknowledges_gets_the_message_again(world: SimWorld) -> None:
    run = struck(world, "lose_ack")
    assert fired(run) == ["lose_ack"]
    assert handed_over(run.history) == [(1, 0), (2, 0)]
    effects = [one.sent.operation for one in run.history.calls if one.effects]
    assert effects == ["stock.hold.create", "bank.charge.create"]
    assert ended(run) is Status.COMPLETED


def test_a_poisoned_message_is_a_dead_letter(world: SimWorld) -> None:
    run = struck(world, "poison_message")
    assert fired(run) == ["poison_message"]
    assert handed_over(run.history) == [(number, 0) for number in range(1, 6)]
    ((_, dead),) = run.history.of(MessageDead)
    assert (dead.attempts, dead.struck) == (5, 5)
    assert ended(run) is Status.STUCK


@pytest.mark.parametrize("kind", ["lose_reply", "cut_reply", "reset_after", "error_after"])
def test_a_publish_whose_acknowledgement_is_lost_is_published_again(world: SimWorld, kind: str) -> None:
    run = struck(world, kind, at="events.StockReserved.publish")
    assert fired(run) == [kind]
    assert handed_over(run.history) == [(1, 0), (1, 0)]  # two messages with one id
    assert ended(run) is Status.COMPLETED


def test_a_bus_that_is_away_delivers_nothing(world: SimWorld) -> None:
    run = struck(world, "outage", at="events.StockReserved.publish", count=Lasting.FOR_EVER)
    assert set(fired(run)) == {"outage"}
    assert ended(run) is not None


def test_every_kind_of_a_delivery_is_here_and_strikes_nothing_else() -> None:
    enabled = enabled_faults(Shop().scenario(), "sim")
    here = {one.kind.name for one in enabled.possible[SITE]}
    assert here == {kind.name for kind in KINDS.values() if kind.deliveries}
    for operation, possible in enabled.possible.items():
        assert all(one.kind.deliveries == operation.endswith(".deliver") for one in possible)
        assert not any(one.kind.startswith("drop") for one in enabled.impossible(operation))


def test_a_bus_refuses_no_event_for_business_reasons() -> None:
    enabled = enabled_faults(Shop().scenario(), "sim")
    assert "reject" in {one.kind for one in enabled.impossible("events.StockReserved.publish")}


def test_where_the_order_is_kept_nothing_overtakes(world: SimWorld) -> None:
    scenario = Shop().scenario(promise=Promise(order=Keeping.KEY))
    enabled = enabled_faults(scenario, "sim")
    assert {one.kind for one in enabled.impossible(SITE)} == {"reorder_message", "late_message"}
    plan = FaultPlan((Fault(kind="drop_message", operation="events.OrderPlaced.deliver"),))
    assert ended(run_once(scenario, {}, plan, world)) is Status.COMPLETED


@pytest.mark.parametrize("where", ["applied", "answered", "before_send", "on_arrival"])
def test_a_handler_dies_with_its_process_and_its_store_survives(world: SimWorld, where: str) -> None:
    scenario = Shop().scenario(claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH}))
    plan = FaultPlan((Fault(kind="crash", operation="bank.charge.create", variant=where),))
    run = run_once(scenario, {}, plan, world)
    assert fired(run) == ["crash"]
    assert handed_over(run.history)[:2] == [(1, 0), (2, 0)]
    assert not [one for one in run.judgements if one.message]


def test_the_same_plan_gives_the_same_history_to_the_byte_and_it_can_be_read_back(world: SimWorld) -> None:
    first, second = (struck(world, "duplicate_message", "after_end") for _ in range(2))
    told = [encode_history(run.history).replace(run.saga_id.encode(), b"*") for run in (first, second)]
    assert told[0] == told[1]
    assert decode_history(encode_history(first.history), "x") == first.history
