import pytest

from scenarios.orchestrator import SagaInstance, SagaState, Send
from scenarios.order_fulfilment.steps import ORDER_FULFILMENT
from tests.unit.scenarios.desk import (
    SAGA_ID,
    Desk,
    Fault,
    KilledError,
    answers,
    fine,
    garbled,
    lost_reply,
    lost_request,
    unreachable,
)

RESERVE, CHARGE, SHIP = (
    "inventory.reservation.create",
    "payments.charge.create",
    "shipping.shipment.create",
)
FIND = "shipping.shipment.find"
REFUND, REFUND_BY_SAGA = "payments.charge.delete", "payments.charge.delete_by_saga"
RELEASE, RELEASE_BY_SAGA = "inventory.reservation.delete", "inventory.reservation.delete_by_saga"


def test_without_faults_it_completes() -> None:
    desk = Desk()
    instance = desk.run()
    assert instance.state is SagaState.COMPLETED
    assert desk.operations() == [RESERVE, CHARGE, SHIP]
    assert desk.names() == ["SagaStarted", *["StepStarted", "StepCompleted"] * 3, "SagaCompleted"]
    assert instance.log == [(step.name, "done") for step in ORDER_FULFILMENT.steps]


def test_a_refusal_undoes_the_steps_before_it_in_reverse_order_by_id() -> None:
    desk = Desk({SHIP: [answers(422)]})
    instance = desk.run()
    assert (instance.state, instance.stuck, desk.left()) == (SagaState.FAILED, False, [])
    assert desk.operations() == [RESERVE, CHARGE, SHIP, REFUND, RELEASE]
    assert desk.names()[-5:] == [
        "StepFailed",
        "CompensationStarted",
        *["CompensationCompleted"] * 2,
        "SagaFailed",
    ]
    assert instance.error == "create_shipment: answered 422"
    assert instance.log[-2:] == [("process_payment", "undone"), ("reserve_inventory", "undone")]


def test_every_attempt_has_the_same_key_and_bytes_and_each_direction_its_own() -> None:
    desk = Desk({CHARGE: [lost_reply, lost_reply, fine], SHIP: [answers(422)], REFUND: [lost_reply, fine]})
    desk.run()
    by_operation: dict[str, set[tuple[str | None, bytes]]] = {}
    for name, send in desk.sent:
        by_operation.setdefault(name, set()).add((send.key, send.call.body))
    assert all(len(variants) == 1 for variants in by_operation.values())
    keys = [key for variants in by_operation.values() for key, _ in variants]
    assert len(set(keys)) == len(keys) == 5
    assert keys[:2] == ["saga-1:reserve_inventory", "saga-1:process_payment"]
    assert "saga-1:process_payment:undo" in keys


@pytest.mark.parametrize(
    "doubt", [lost_reply, lost_request, garbled, answers(500), answers(202), answers(503)]
)
def test_a_step_in_doubt_is_undone_by_saga(doubt: Fault) -> None:
    desk = Desk({CHARGE: [doubt]})
    instance = desk.run()
    assert desk.operations() == [RESERVE, *[CHARGE] * 5, REFUND_BY_SAGA, RELEASE]
    assert (instance.state, instance.stuck, desk.left()) == (SagaState.FAILED, False, [])


@pytest.mark.parametrize("fault", [unreachable, answers(429), answers(402)])
def test_a_step_surely_not_applied_is_not_undone(fault: Fault) -> None:
    desk = Desk({CHARGE: [fault]})
    desk.run()
    assert desk.operations()[-1] == RELEASE
    assert not {REFUND, REFUND_BY_SAGA} & set(desk.operations())
    assert desk.left() == []


def test_a_refusal_after_doubt_is_a_contradiction_and_the_step_is_undone() -> None:
    desk = Desk({CHARGE: [lost_reply, answers(402)]})
    instance = desk.run()
    assert desk.operations() == [RESERVE, CHARGE, CHARGE, REFUND_BY_SAGA, RELEASE]
    assert (instance.stuck, desk.left()) == (False, [])


def test_a_lost_reply_is_repeated_and_replayed() -> None:
    desk = Desk({RESERVE: [lost_reply, fine], CHARGE: [lost_reply, fine], SHIP: [garbled, fine]})
    assert desk.run().state is SagaState.COMPLETED
    assert desk.left() == ["inventory.reservation", "payments.charge", "shipping.shipment"]


@pytest.mark.parametrize("ship", [[lost_reply], [lost_reply, answers(422)], [lost_reply, unreachable]])
def test_a_pivot_in_doubt_that_shows_is_completed(ship: list[Fault]) -> None:
    desk = Desk({SHIP: ship})
    assert desk.run().state is SagaState.COMPLETED
    assert desk.operations()[-1] == FIND


@pytest.mark.parametrize("find", [[fine], [lost_request], [garbled], [answers(500)], [answers(404)]])
def test_a_pivot_in_doubt_that_does_not_show_is_stuck_and_nothing_is_undone(find: list[Fault]) -> None:
    desk = Desk({SHIP: [lost_request], FIND: find})
    instance = desk.run()
    assert (instance.state, instance.stuck) == (SagaState.FAILED, True)
    assert desk.left() == ["inventory.reservation", "payments.charge"]
    assert instance.error == "create_shipment: ReadTimeout"


@pytest.mark.parametrize("ship", [unreachable, answers(429), answers(422)])
def test_a_pivot_surely_not_applied_turns_the_saga_back(ship: Fault) -> None:
    desk = Desk({SHIP: [ship]})
    instance = desk.run()
    assert (instance.state, instance.stuck, desk.left()) == (SagaState.FAILED, False, [])
    assert FIND not in desk.operations()


@pytest.mark.parametrize("refund", [lost_request, unreachable, answers(403), answers(500), answers(202)])
def test_an_undo_given_up_is_stuck_and_those_before_it_are_undone(refund: Fault) -> None:
    desk = Desk({SHIP: [answers(422)], REFUND: [refund]})
    instance = desk.run()
    assert (instance.state, instance.stuck) == (SagaState.FAILED, True)
    assert desk.operations()[3:] == [*[REFUND] * 5, RELEASE]
    assert desk.left() == ["payments.charge"]
    assert instance.error == "create_shipment: answered 422"
    assert instance.log[-1] == ("reserve_inventory", "undone")


@pytest.mark.parametrize("release", [answers(404), answers(410)])
def test_an_undo_answered_404_or_410_is_done(release: Fault) -> None:
    instance = Desk({SHIP: [answers(422)], RELEASE: [release]}).run()
    assert (instance.stuck, instance.log[-1]) == (False, ("reserve_inventory", "undone"))


@pytest.mark.parametrize("first", [answers(202), answers(403), lost_reply, garbled, answers(503)])
def test_an_undo_is_sent_again_until_it_is_acknowledged(first: Fault) -> None:
    desk = Desk({SHIP: [answers(422)], REFUND: [first, fine]})
    assert not desk.run().stuck
    assert desk.left() == []


def test_back_off_doubles_and_retry_after_is_kept() -> None:
    desk = Desk({RESERVE: [lost_request, lost_request, answers(429, 1.0), answers(503, 2.0), fine]})
    assert desk.run().state is SagaState.COMPLETED
    assert desk.slept == [0.03, 0.06, 1.05, 2.05]


def test_an_instance_that_ended_is_left_alone() -> None:
    desk = Desk()
    instance = desk.run()
    again = Desk(services=desk.services)
    assert again.run(instance) is instance
    assert (again.sent, again.events) == ([], [])


PLANS: list[dict[str, list[Fault]]] = [
    {},
    {SHIP: [answers(422)]},
    {CHARGE: [lost_reply]},
    {SHIP: [lost_reply]},
    {SHIP: [lost_request]},
    {SHIP: [answers(422)], REFUND: [answers(403)]},
    {RESERVE: [unreachable]},
]


@pytest.mark.parametrize("faults", PLANS)
def test_it_goes_on_from_any_prefix_of_its_log(faults: dict[str, list[Fault]]) -> None:
    whole = Desk(faults)
    expected = whole.run()
    for length in range(1, len(whole.events)):
        first = Desk(faults, dies_after=length)
        with pytest.raises(KilledError):
            first.run()
        recovered = _replayed(first)
        in_doubt = recovered.current_step == "create_shipment" and first.names()[-1] == "StepStarted"
        second = Desk(faults, services=first.services)
        second.run(recovered)
        if in_doubt and faults.get(SHIP) and recovered.stuck:
            # A pivot that may have been sent before the crash, and is refused now, is contradicted.
            assert second.left() == ["inventory.reservation", "payments.charge"]
            continue
        told = (recovered.state, recovered.stuck, second.left())
        assert told == (expected.state, expected.stuck, whole.left()), f"cut after {first.names()[-1]}"


def _replayed(desk: Desk) -> SagaInstance:
    instance = SagaInstance(saga_id=SAGA_ID, saga_type=ORDER_FULFILMENT.name)
    for event in desk.events:
        instance.apply(event)
    return instance


def test_a_step_begun_in_another_life_is_in_doubt() -> None:
    first = Desk({CHARGE: [lost_reply]}, dies_after=4)
    with pytest.raises(KilledError):
        first.run()
    assert first.names()[-1] == "StepStarted"
    second = Desk({CHARGE: [answers(402)]}, services=first.services)
    second.run(_replayed(first))
    assert second.operations() == [CHARGE, REFUND_BY_SAGA, RELEASE]


def test_queries_carry_no_key() -> None:
    desk = Desk({SHIP: [lost_reply]})
    desk.run()
    name, send = desk.sent[-1]
    assert isinstance(send, Send)
    assert (name, send.key) == (FIND, None)
