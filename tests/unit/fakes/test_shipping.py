from dataclasses import replace

import pytest

from fakes import Shipping
from harness.participant import Repeats
from tests.unit.fakes.counter import ask

SHIPMENT = {"saga_id": "saga-1", "order_id": "order-1", "address": "1 Harbour Street"}


def test_a_shipment_is_booked_and_cancelled_once() -> None:
    shipping = Shipping()
    status, made = ask(shipping, "POST", "/shipments", SHIPMENT, key="k")
    assert (status, made["tracking"], shipping.conserved()) == (201, "T-1", True)
    answers = [ask(shipping, "DELETE", f"/shipments/{made['id']}")[0] for _ in range(2)]
    assert (answers, shipping.conserved()) == ([204, 404], True)


@pytest.mark.parametrize("address", [None, "", "  ", 5])
def test_a_missing_address_is_refused(address: object) -> None:
    answer = ask(Shipping(), "POST", "/shipments", {**SHIPMENT, "address": address}, key="k")
    assert answer == (422, {"error": "address_missing"})


def test_an_address_that_is_not_served_is_refused_by_fresh_ones_too() -> None:
    shipping = Shipping(unserved=frozenset({"1 Harbour Street"})).fresh()
    assert ask(shipping, "POST", "/shipments", SHIPMENT, key="k") == (422, {"error": "address_not_served"})


def test_a_shipment_is_found_by_id_and_by_saga() -> None:
    shipping = Shipping()
    _, made = ask(shipping, "POST", "/shipments", SHIPMENT, key="k")
    assert ask(shipping, "GET", f"/shipments/{made['id']}")[0] == 200
    assert ask(shipping, "GET", "/shipments?saga_id=saga-1") == (200, {"items": [made]})


def test_a_cancellation_by_saga_bars_a_late_booking() -> None:
    shipping = Shipping()
    assert ask(shipping, "DELETE", "/shipments?saga_id=saga-1")[0] == 204
    assert ask(shipping, "POST", "/shipments", SHIPMENT, key="k")[0] == 422


def test_its_resources_can_be_declared_otherwise() -> None:
    (shipment,) = Shipping.resources

    class Natural(Shipping):
        resources = (replace(shipment, repeats=Repeats.NATURAL),)

    shipping = Natural().fresh()
    answers = [ask(shipping, "POST", "/shipments", SHIPMENT)[1]["id"] for _ in range(2)]
    assert answers[0] == answers[1]
