"""`kind = "state"`: transitions, their undos, repeats, versions and what a query shows."""

from __future__ import annotations

import msgspec
import pytest

from harness.errors import ScenarioError
from harness.participant import Change, Repeats, RestParticipant, Route, Verb
from harness.participant.answers import Answers
from harness.participant.resource import kind_resource
from harness.participant.state import StateKind, Transition
from harness.plan import Fault
from harness.saga import SagaSpec, Step
from tests.unit.faults.counter import Came, Counter

STATES = ("pending", "approved", "shipped", "cancelled")
PUT = (Route(method="PUT", path="/orders/{id}"),)


def move(name: str, sources: str, target: str, *undoes: str, route: str = "") -> Transition:
    routes = (Route.parse(route, name),) if route else PUT
    return Transition(name=name, routes=routes, sources=tuple(sources.split()), target=target, undoes=undoes)


MOVES = (
    move("approve", "pending", "approved"),
    move("ship", "approved", "shipped", route="POST /orders/{id}/ship"),
    move("put_back", "approved", "pending", "approve"),
    move("cancel", "pending approved shipped", "cancelled", "approve", "ship"),
)
SPEC = SagaSpec(
    name="order",
    steps=(
        Step(name="approve", action="orders.order.approve", compensation="orders.order.put_back"),
        Step(name="ship", action="orders.order.ship", compensation="orders.order.cancel"),
    ),
)


def open_counter(
    *faults: Fault, etag: bool = False, repeats: Repeats = Repeats.NATURAL, answers: Answers | None = None
) -> Counter:
    kind = StateKind(states=STATES, moves=MOVES, value="status", etag=etag)
    get = (Route(method="GET", path="/orders/{id}"),)
    order = kind_resource("order", kind, get=get, repeats=repeats, answers=answers)
    return Counter(SPEC, RestParticipant("orders", (order,)), faults=faults)


def put(counter: Counter, status: str, *, key: str = "", **headers: str) -> Came:
    body = {"saga_id": "saga-1", "status": status}
    return counter.ask("orders", "PUT", "/orders/7", body, key=key, headers=headers)


def ship(counter: Counter) -> Came:
    return counter.ask("orders", "POST", "/orders/7/ship", {"saga_id": "saga-1"})


def look(counter: Counter) -> Came:
    return counter.ask("orders", "GET", "/orders/7?saga_id=saga-1")


def told(came: Came) -> tuple[int, object]:
    assert came.response is not None
    content = msgspec.json.decode(came.response.body)
    return came.response.status, content.get("status", content)


def changes(counter: Counter) -> list[tuple[str, Change, str | None]]:
    applied = [effect for call in counter.history.calls for _, effect in call.effects]
    return [(str(one.detail), one.change, one.step) for one in applied]


def test_what_nobody_made_begins_in_the_first_state() -> None:
    counter = open_counter()
    assert told(look(counter)) == (200, "pending")
    assert counter.history.calls[0].answered is not None
    assert counter.history.calls[0].answered.shows == ()


def test_actions_and_undos_are_transitions_and_effects_of_their_step() -> None:
    counter = open_counter()
    assert told(put(counter, "approved")) == (200, "approved")
    assert told(put(counter, "pending")) == (200, "pending")
    assert changes(counter) == [
        ("pending → approved", Change.CREATED, "approve"),
        ("approved → pending", Change.REMOVED, "approve"),
    ]
    sent = [(call.sent.operation, call.sent.steps, call.sent.direction) for call in counter.history.calls]
    assert sent == [
        ("orders.order.approve", ("approve",), "action"),
        ("orders.order.put_back", ("approve",), "compensation"),
    ]


def test_a_repeat_changes_nothing_forwards_or_back() -> None:
    counter = open_counter()
    for status in ("approved", "approved", "pending", "pending"):
        assert told(put(counter, status)) == (200, status)
    assert len(changes(counter)) == 2


def test_what_comes_after_its_undo_is_refused() -> None:
    counter = open_counter()
    assert told(put(counter, "pending")) == (200, "pending")
    assert told(put(counter, "approved")) == (409, {"error": "undone before it arrived"})
    assert changes(counter) == []


def test_a_transition_from_a_state_in_which_it_does_not_begin_is_refused() -> None:
    counter = open_counter(answers=Answers(error={"why": "{error}", "of": "{id}"}))
    assert told(ship(counter)) == (409, {"why": "it is pending, and not approved", "of": "7"})
    put(counter, "approved")
    ship(counter)
    assert told(put(counter, "pending")) == (409, {"why": "it is shipped, and not approved", "of": "7"})


def test_an_undo_of_several_transitions_takes_back_all_of_them() -> None:
    counter = open_counter()
    put(counter, "approved")
    ship(counter)
    assert told(put(counter, "cancelled")) == (200, "cancelled")
    assert changes(counter)[2:] == [
        ("shipped → cancelled", Change.REMOVED, "approve"),
        ("shipped → cancelled", Change.REMOVED, "ship"),
    ]
    assert counter.history.calls[-1].sent.steps == ("approve", "ship")


def test_a_query_shows_the_steps_whose_effect_is_there() -> None:
    counter = open_counter()
    shown = []
    for status in ("approved", "shipped", "cancelled"):
        ship(counter) if status == "shipped" else put(counter, status)
        look(counter)
        answered = counter.history.calls[-1].answered
        assert answered is not None
        shown.append(answered.shows)
    assert shown == [("approve",), ("approve", "ship"), ()]
    assert counter.history.calls[-1].sent.steps == ("approve", "ship")


def test_a_query_that_was_struck_shows_nothing() -> None:
    counter = open_counter(Fault(kind="error_after", operation="orders.order.get"))
    put(counter, "approved")
    look(counter)
    answered = counter.history.calls[-1].answered
    assert answered is not None
    assert answered.shows == ()


def test_a_state_that_no_transition_of_the_route_leads_to_is_no_route() -> None:
    assert told(put(open_counter(), "eaten"))[0] == 404


def test_with_an_etag_what_was_read_before_a_change_is_stale() -> None:
    counter = open_counter(etag=True)
    first = look(counter).response
    assert first is not None
    assert first.headers == (("etag", '"1"'),)
    assert told(put(counter, "approved", **{"if-match": '"1"'})) == (200, "approved")
    assert told(put(counter, "pending", **{"if-match": '"1"'}))[0] == 412
    assert told(put(counter, "pending", **{"if-match": '"2"'})) == (200, "pending")
    assert told(put(counter, "pending", **{"if-match": "*"})) == (200, "pending")


def test_by_key_the_first_answer_is_replayed() -> None:
    counter = open_counter(repeats=Repeats.KEY)
    assert told(put(counter, "approved", key="k")) == (200, "approved")
    put(counter, "cancelled")
    assert told(put(counter, "approved", key="k")) == (200, "approved")
    assert counter.history.calls[0].sent.heeds_key


@pytest.mark.parametrize(
    ("moves", "says"),
    [
        ((move("approve", "pendin", "approved"),), "transition approve: found 'pendin'"),
        ((move("approve", "pending", "aproved"),), "transition approve: found 'aproved'"),
        (
            (MOVES[0], move("cancel", "pending", "cancelled", "aprove")),
            "transition cancel, undoes: found 'aprove'",
        ),
    ],
)
def test_what_is_no_state_or_no_transition_is_refused(moves: tuple[Transition, ...], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        StateKind(states=STATES, moves=moves)


def test_its_operations_and_routes() -> None:
    participant = open_counter().injector.participants["orders"]
    (owned,) = participant.resources
    assert sorted(participant.operations) == [
        f"orders.order.{name}" for name in ("approve", "cancel", "get", "put_back", "ship")
    ]
    assert (owned.has(Verb.CREATE), owned.has(Verb.DELETE), owned.has(Verb.DELETE_BY_SAGA)) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize("variant", ["at_once", "concurrent", "after_reply"])
def test_a_duplicate_of_a_request_with_a_version_is_answered_as_done(variant: str) -> None:
    """The copy makes the version of the other out of date: 412 would say that nothing was applied."""
    fault = Fault(kind="duplicate", operation="orders.order.approve", variant=variant)
    counter = open_counter(fault, etag=True)
    assert told(put(counter, "approved", **{"if-match": '"1"'})) == (200, "approved")
    (call,) = counter.history.calls
    assert len(call.deliveries) == 2
    assert [effect.change for _, effect in call.effects] == [Change.CREATED]


def test_a_repeat_with_the_version_from_before_is_refused_all_the_same() -> None:
    """As by a server that knows no sagas: who repeats after a lost reply meets a change of its own."""
    counter = open_counter(etag=True)
    put(counter, "approved", **{"if-match": '"1"'})
    assert told(put(counter, "approved", **{"if-match": '"1"'}))[0] == 412
