"""Other styles of choreography: what is right in them is no alarm, and what is wrong in them is found."""

from __future__ import annotations

import pytest

from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.saga import Claim, Status
from harness.search.run_summary import summarise_run
from harness.worlds.sim import SimWorld
from tests.planted.messages.shop import Shop
from tests.planted.messages.styles import (
    Background,
    EndsBothWays,
    Hammers,
    HearsItsEnd,
    NeverGivesUp,
    Stateless,
    TriesTwice,
)

EVER = Lasting.FOR_EVER
DEATH = frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})
REFUSED = Fault(kind="reject", operation="stock.hold.create")


def run(saga: Shop, *faults: Fault, world: SimWorld, claims: frozenset[Claim] | None = None) -> Run:
    scenario = saga.scenario() if claims is None else saga.scenario(claims=claims)
    return run_once(scenario, {}, FaultPlan(faults), world)


def violated(run: Run) -> dict[str, str]:
    return {one.invariant: one.message for one in run.judgements if one.message}


def status(run: Run) -> Status | None:
    return run.view.sagas[0].status


@pytest.mark.parametrize(
    ("faults", "ends"),
    [
        ((), Status.COMPLETED),
        ((REFUSED,), Status.COMPENSATED),
        ((Fault(kind="lose_reply", operation="bank.charge.create"),), Status.COMPENSATED),
    ],
)
def test_work_beside_the_message_is_awaited(sim: SimWorld, faults: tuple[Fault, ...], ends: Status) -> None:
    found = run(Background(), *faults, world=sim)
    assert (status(found), violated(found)) == (ends, {})


def test_work_beside_the_message_dies_with_its_process(sim: SimWorld) -> None:
    """The message was acknowledged: nobody brings it again."""
    crash = Fault(kind="crash", operation="stock.hold.create", variant="answered")
    found = run(Background(), crash, world=sim, claims=DEATH)
    assert "published no end" in violated(found)["termination"]
    twin = run(Shop(), crash, world=sim, claims=DEATH)
    assert (status(twin), violated(twin)) == (Status.COMPLETED, {})


def test_a_saga_that_stays_silent_is_found_once_the_bus_would_have_waited(sim: SimWorld) -> None:
    crash = Fault(kind="crash", operation="stock.hold.create", variant="answered")
    found = run(Background(), crash, world=sim, claims=DEATH)
    assert 5.0 + 30.0 <= found.view.sagas[0].ends[-1].t_s <= 5.0 + 2 * 30.0


def test_a_step_may_be_tried_again_before_it_is_given_up(sim: SimWorld) -> None:
    """Its last deliveries came to nothing because the bus did not hear what came of it."""
    away = Fault(kind="refuse", operation="stock.hold.create", count=2)
    unheard = Fault(kind="lose_request", operation="events.StockRefused.publish", count=EVER)
    found = run(TriesTwice(), away, unheard, world=sim)
    assert (status(found), violated(found)) == (Status.STUCK, {})
    assert all(fired.fault in (0, 1) for call in found.view.history.calls for fired in call.faults)


def test_a_step_that_is_never_given_up_is_found(sim: SimWorld) -> None:
    away = Fault(kind="refuse", operation="stock.hold.create", count=EVER)
    assert "nothing that it saw" in violated(run(NeverGivesUp(), away, world=sim))["termination"]
    assert violated(run(TriesTwice(), away, world=sim)) == {}


def test_two_ends_with_one_id_are_found(sim: SimWorld) -> None:
    found = violated(run(EndsBothWays(), REFUSED, world=sim))
    assert "another end, OrderConfirmed with the same id" in found["truthful_outcome"]
    assert violated(run(Shop(), REFUSED, world=sim)) == {}


def test_an_outage_after_the_last_publish_has_nothing_to_strike(sim: SimWorld) -> None:
    """The delivery of the end was sent before its publisher had its answer: no fault can strike it then."""
    outage = Fault(kind="outage", operation="events.OrderConfirmed.publish")
    found = summarise_run(run(HearsItsEnd(), outage, world=sim), 0)
    assert [site.operation for site, _ in found.sites][-1] == "events.OrderConfirmed.deliver"
    assert (found.strikes, found.unfollowed) == ((0,), (0,))


@pytest.mark.parametrize("operation", ["events.StockReserved", "events.PaymentTaken"])
def test_an_event_that_comes_three_times_at_once_may_be_handled_three_times(
    sim: SimWorld, operation: str
) -> None:
    late = Fault(kind="late", operation=f"{operation}.publish", variant="after_retry", count=2)
    found = run(Stateless(), late, world=sim)
    assert (status(found), violated(found)) == (Status.COMPLETED, {})


def test_who_hammers_is_found_whatever_came_again(sim: SimWorld) -> None:
    late = Fault(kind="late", operation="events.StockReserved.publish", variant="after_retry", count=1)
    assert "under min_gap_s" in violated(run(Hammers(), late, world=sim))["bounded_retries"]
