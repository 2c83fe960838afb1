import pytest

from fakes import Payments
from tests.unit.fakes.counter import ask, deliver

CHARGE = {"saga_id": "saga-1", "customer_id": "customer-1", "amount_cents": 700}


@pytest.fixture
def payments() -> Payments:
    return Payments(card_limit_cents=1_000)


def test_a_charge_takes_money_and_its_refund_gives_it_back(payments: Payments) -> None:
    status, charge = ask(payments, "POST", "/charges", CHARGE, key="k")
    assert (status, charge["status"], payments.balance_cents) == (201, "succeeded", 700)

    assert ask(payments, "POST", f"/charges/{charge['id']}/refunds", {}, key="k:undo")[0] == 201
    assert (payments.balance_cents, payments.conserved()) == (0, True)


def test_the_same_key_replays_and_without_one_there_is_a_second_charge(payments: Payments) -> None:
    first, again = (ask(payments, "POST", "/charges", CHARGE, key="k") for _ in range(2))
    assert first == again
    assert payments.balance_cents == 700

    ask(payments, "POST", "/charges", CHARGE)
    assert (payments.balance_cents, payments.conserved()) == (1_400, True)


def test_a_used_key_with_another_body_is_422(payments: Payments) -> None:
    ask(payments, "POST", "/charges", CHARGE, key="k")
    reply = deliver(payments, "POST", "/charges", {**CHARGE, "amount_cents": 800}, key="k")
    assert (reply.response.status, reply.key_conflict, payments.balance_cents) == (422, True, 700)


def test_a_refund_under_the_same_key_is_replayed(payments: Payments) -> None:
    _, charge = ask(payments, "POST", "/charges", CHARGE, key="k")
    first, again = (ask(payments, "POST", f"/charges/{charge['id']}/refunds", {}, key="u") for _ in range(2))
    assert first == again
    assert first[0] == 201
    assert (payments.balance_cents, payments.conserved()) == (0, True)


@pytest.mark.parametrize("key", ["another", ""])
def test_a_second_refund_is_bounded_by_the_charge(payments: Payments, key: str) -> None:
    _, charge = ask(payments, "POST", "/charges", CHARGE, key="k")
    ask(payments, "POST", f"/charges/{charge['id']}/refunds", {}, key="u")
    status, answer = ask(payments, "POST", f"/charges/{charge['id']}/refunds", {}, key=key)
    assert (status, answer["error"]) == (400, "charge_already_refunded")
    assert (payments.balance_cents, payments.conserved()) == (0, True)


def test_a_refund_by_saga_gives_back_each_charge_once_and_bars_a_late_one(payments: Payments) -> None:
    ask(payments, "POST", "/charges", CHARGE, key="k")
    for key in ("u", "v"):
        assert ask(payments, "POST", "/refunds", {"saga_id": "saga-1"}, key=key)[0] == 201
    assert (payments.balance_cents, payments.conserved()) == (0, True)
    assert ask(payments, "POST", "/charges", CHARGE, key="late")[0] == 402


def test_a_refund_of_nothing_is_404_by_id_and_fine_by_saga(payments: Payments) -> None:
    assert ask(payments, "POST", "/charges/charge-9/refunds", {}, key="u")[0] == 404
    assert ask(payments, "POST", "/refunds", {"saga_id": "saga-1"}, key="v")[0] == 201


def test_a_card_is_declined_above_its_limit(payments: Payments) -> None:
    too_much = {**CHARGE, "amount_cents": 1_001}
    assert ask(payments, "POST", "/charges", too_much, key="k") == (402, {"error": "card_declined"})
    assert ask(payments, "POST", "/charges", {**CHARGE, "amount_cents": 1_000}, key="l")[0] == 201


@pytest.mark.parametrize("amount", [None, 0, -5, 1.5, "700", True])
def test_an_amount_that_is_none_is_400(payments: Payments, amount: object) -> None:
    assert ask(payments, "POST", "/charges", {**CHARGE, "amount_cents": amount}, key="k")[0] == 400


def test_queries_show_live_charges(payments: Payments) -> None:
    _, charge = ask(payments, "POST", "/charges", CHARGE, key="k")
    assert ask(payments, "GET", f"/charges/{charge['id']}")[0] == 200
    assert ask(payments, "GET", "/charges?saga_id=saga-1") == (200, {"items": [charge]})


def test_a_part_is_refunded_by_saga(payments: Payments) -> None:
    assert ask(payments, "POST", "/charges", CHARGE, key="k", part=True)[0] == 500
    assert ask(payments, "GET", "/charges?saga_id=saga-1") == (200, {"items": []})
    ask(payments, "POST", "/refunds", {"saga_id": "saga-1"}, key="u")
    assert (payments.balance_cents, payments.conserved()) == (0, True)


def test_conserved_notices_money_that_came_back_twice(payments: Payments) -> None:
    ask(payments, "POST", "/charges", CHARGE, key="k")
    ask(payments, "POST", "/refunds", {"saga_id": "saga-1"}, key="u")
    payments.refunded_cents[1] += 700
    assert not payments.conserved()


def test_a_fresh_one_keeps_its_limit_and_empties_its_books(payments: Payments) -> None:
    ask(payments, "POST", "/charges", CHARGE, key="k")
    fresh = payments.fresh()
    assert (fresh.card_limit_cents, fresh.balance_cents, list(fresh.ledger.live())) == (1_000, 0, [])
