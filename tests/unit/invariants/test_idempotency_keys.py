from __future__ import annotations

from harness.saga import Direction
from tests.unit.invariants.tale import Tale

ID = "idempotency_keys"


def test_held_by_a_key_of_its_own_for_each() -> None:
    tale = Tale()
    tale.act("hold", 500)
    tale.act("hold")
    tale.act("charge")
    tale.undo("charge")
    tale.undo("hold")
    assert tale.held(ID)


def test_violated_by_one_delivery_without_a_key() -> None:
    tale = Tale()
    tale.act("hold", key=None)
    message = "POST /holds carries no key: a repeated delivery would double it"
    assert tale.violation(ID) == message


def test_a_key_is_not_asked_for_where_it_is_not_heeded() -> None:
    tale = Tale()
    tale.act("hold", key=None, heeds_key=False)
    tale.act("hold", key="another", heeds_key=False)
    tale._call((), Direction.ACTION, 201, key=None)
    assert tale.not_exercised(ID)


def test_violated_by_a_new_key_for_each_attempt_across_restarts_too() -> None:
    tale = Tale()
    tale.act("hold", 500, key="saga-1:hold")
    tale.act("hold", key="saga-1:hold:2", executor=2)
    assert tale.violation(ID) == "step hold came with key 'saga-1:hold:2', and before with 'saga-1:hold'"


def test_violated_by_a_key_shared_by_two_steps() -> None:
    tale = Tale()
    tale.act("hold", key="saga-1")
    tale.act("charge", key="saga-1")
    assert tale.violation(ID) == "key 'saga-1' is shared by the action of hold and the action of charge"


def test_violated_by_a_key_shared_by_an_action_and_its_undo() -> None:
    tale = Tale()
    tale.act("hold", key="saga-1:hold")
    tale.undo("hold", key="saga-1:hold")
    message = "key 'saga-1:hold' is shared by the action of hold and the compensation of hold"
    assert tale.violation(ID) == message


def test_violated_by_a_key_shared_by_two_sagas() -> None:
    tale = Tale(sagas=("saga-1", "saga-2"))
    tale.act("hold", key="order-7")
    tale.act("hold", key="order-7", saga="saga-2")
    both = "the action of hold of saga saga-1 and the action of hold of saga saga-2"
    assert tale.violation(ID) == f"key 'order-7' is shared by {both}"


def test_a_key_shared_by_sagas_that_are_not_of_this_run_is_not_ours() -> None:
    tale = Tale()
    tale.act("hold")
    for name in ("hold", "charge"):
        tale.act(name, key="order-7", saga="another")
    assert tale.held(ID)


def test_an_undo_by_id_and_one_by_saga_may_share_a_key() -> None:
    tale = Tale()
    tale.undo("hold", came=500, key="saga-1:undo")
    tale.undo("hold", "charge", key="saga-1:undo")
    assert tale.held(ID)


def test_violated_by_a_key_that_came_with_another_body() -> None:
    tale = Tale()
    tale.act("hold")
    tale.conflict(tale.act("hold", 422))
    assert tale.violation(ID) == "key 'saga-1:hold' came again with another body"


def test_what_is_of_no_step_shares_with_nobody() -> None:
    tale = Tale()
    tale.act("hold", key="order-7")
    tale._call((), Direction.ACTION, 201, key="order-7")
    assert tale.held(ID)


def test_held_by_another_key_once_what_the_first_one_made_is_over() -> None:
    tale = Tale()
    tale.act("hold", key="saga-1:hold")
    tale.lapse("hold", due_s=0.2)
    tale.act("hold", key="saga-1:hold:2")
    assert tale.held(ID)


def test_violated_by_another_key_before_what_the_first_one_made_is_over() -> None:
    tale = Tale()
    tale.act("hold", key="saga-1:hold")
    tale.act("hold", 409, key="saga-1:hold:2")
    tale.lapse("hold", due_s=0.5)
    assert tale.violation(ID) == "step hold came with key 'saga-1:hold:2', and before with 'saga-1:hold'"
