"""Routes, and what a resource says of itself."""

from __future__ import annotations

import pytest

from harness.errors import ScenarioError
from harness.participant import Repeats, ResourceSpec, RestParticipant, Route, Verb
from harness.participant.router import Router
from tests.unit.faults.shop import CHARGE, hold, routes

ROUTER = Router("shop", (hold(), CHARGE))


@pytest.mark.parametrize(
    ("method", "path", "operation", "id_"),
    [
        ("POST", "/holds", "shop.hold.create", None),
        ("POST", "/holds/", "shop.hold.create", None),
        ("DELETE", "/holds", "shop.hold.delete_by_saga", None),
        ("DELETE", "/holds/h-1", "shop.hold.delete", "h-1"),
        ("GET", "/holds/h%201/", "shop.hold.get", "h%201"),
        ("POST", "/charges/c.1/refunds", "shop.charge.delete", "c.1"),
    ],
)
def test_a_request_finds_its_operation(method: str, path: str, operation: str, id_: str | None) -> None:
    found = ROUTER.match(method, path)
    assert found is not None
    assert (found.operation.name, found.id) == (operation, id_)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/holds"), ("GET", "/hold"), ("DELETE", "/holds/1/2"), ("POST", "/charges//refunds")],
)
def test_what_nothing_serves(method: str, path: str) -> None:
    assert ROUTER.match(method, path) is None


@pytest.mark.parametrize("text", ["/holds", "FETCH /holds", "POST holds", "POST /a b", "POST"])
def test_a_route_is_a_method_and_a_path(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Route.parse(text, "saga.toml, line 3")
    expected = "a method and a path, like 'POST /charges/{id}/refunds'"
    assert str(caught.value) == f"saga.toml, line 3: found {text!r}, expected {expected}"


def test_a_route_serves_one_operation() -> None:
    twice = ResourceSpec(name="seat", routes=routes((Verb.CREATE, "POST /holds")))
    with pytest.raises(ScenarioError) as caught:
        RestParticipant("shop", (hold(), twice))
    says = "route POST /holds: found 'shop.seat.create', expected one operation, and it is shop.hold.create"
    assert str(caught.value) == says


def test_verbs() -> None:
    assert [verb for verb in Verb if verb.undoes] == [Verb.DELETE, Verb.DELETE_BY_SAGA]
    assert [verb for verb in Verb if verb.queries] == [Verb.GET, Verb.FIND]


@pytest.mark.parametrize(
    ("verb", "repeats", "found_again", "survives_late"),
    [
        (Verb.DELETE, Repeats.NONE, False, False),
        (Verb.FIND, Repeats.NONE, True, False),
        (Verb.DELETE_BY_SAGA, Repeats.NONE, True, True),
        (Verb.DELETE, Repeats.NATURAL, True, True),
        (Verb.DELETE, Repeats.KEY, True, True),
    ],
)
def test_what_a_saga_can_withstand_there(
    verb: Verb, repeats: Repeats, found_again: bool, survives_late: bool
) -> None:
    resource = ResourceSpec(
        name="hold", routes=routes((Verb.CREATE, "POST /holds"), (verb, "GET /x")), repeats=repeats
    )
    assert (resource.found_again, resource.survives_late) == (found_again, survives_late)


def test_a_placeholder_of_another_name_stands_for_any_part_of_a_path() -> None:
    pattern = Route.parse("DELETE /customers/{customer}/orders/{id}", "here").pattern()
    found = pattern.match("/customers/ann/orders/7")
    assert found is not None
    assert found["id"] == "7"
    assert pattern.match("/customers/a/b/orders/7") is None
