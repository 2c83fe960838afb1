"""The bus as a participant: its operations, what it accepts and refuses, events that stand for steps."""

from __future__ import annotations

import pytest

from harness.bus import DELIVER, Bus, EventStep
from harness.bus.participant import carried_by, delivery_of
from harness.cloudevents import CloudEvent
from harness.errors import ScenarioError
from harness.participant import Owner, Request, Verb
from harness.participant.ledger import Change

STEPS = (EventStep(name="hold", done="Held", undone="Released"),)
MINE = Owner(saga_id="s", step="hold")


def bus() -> Bus:
    return Bus("events", ("Placed", "Held", "Released"), steps=STEPS).fresh()


def publish(type_: str, id_: str = "1", **more: str) -> Request:
    headers, body = CloudEvent(id=id_, source="/", type=type_, data={}).binary()
    return Request(method="POST", path="/events", query={}, headers=headers | more, body=body)


def test_a_publish_and_a_delivery_of_each_type_are_operations() -> None:
    assert set(bus().operations) == {
        *("events.Placed.publish", "events.Placed.deliver", "events.Held.deliver"),
        *("events.Released.deliver", "events.hold.Held", "events.hold.Released"),
    }
    assert bus().operations["events.hold.Released"].undoes == ("events.hold.Held",)
    assert bus().operations["events.Placed.deliver"].delivery


def test_what_is_published_stands_in_the_reply() -> None:
    ours, request = bus(), publish("Placed")
    matched = ours.match(request)
    assert matched is not None
    assert matched.operation.verb is Verb.CREATE
    reply = ours.handle(matched.operation, None, request, MINE)
    assert (reply.response.status, reply.effects) == (201, ())
    assert reply.published == CloudEvent(id="1", source="/", type="Placed", data={})


def test_a_delivery_is_matched_by_its_type() -> None:
    event = CloudEvent(id="1", source="/", type="Placed", data={"saga_id": "s"})
    request = delivery_of(event, carried_by(publish("Placed", host="x", **{"x-order": "7"})))
    assert (request.method, request.path) == (DELIVER, "/Placed")
    assert request.headers["x-order"] == "7"
    assert "host" not in request.headers
    assert request.fields() == {"saga_id": "s"}
    matched = bus().match(request)
    assert matched is not None
    assert matched.operation.name == "events.Placed.deliver"


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        (Request(method="GET", path="/x", query={}, headers={}), 404, "no route GET /x at events"),
        (Request(method="POST", path="/events", query={}, headers={}), 400, "lacks specversion"),
        (publish("Plaved"), 422, "expected 'Placed' (did you mean it?)"),
    ],
)
def test_what_is_none_of_its_events_is_refused(request_: Request, status: int, says: str) -> None:
    assert bus().match(request_) is None
    answer = bus().refusal(request_)
    assert answer.status == status
    assert says in answer.body.decode()


def test_events_do_and_undo_a_step_by_their_id() -> None:
    ours = bus()

    def sent(type_: str, id_: str) -> list[Change]:
        request = publish(type_, id_)
        matched = ours.match(request)
        assert matched is not None
        return [one.change for one in ours.handle(matched.operation, None, request, MINE).effects]

    assert sent("Released", "0") == []
    assert sent("Held", "1") == [Change.CREATED]
    assert sent("Held", "1") == []
    assert sent("Held", "2") == [Change.CREATED]
    assert sent("Released", "3") == [Change.REMOVED, Change.REMOVED]
    assert sent("Released", "3") == []
    assert sent("Released", "4") == [Change.REMOVED_AGAIN]


def test_the_same_id_from_another_source_is_another_event() -> None:
    ours, made = bus(), []
    for source in ("/a", "/a", "/b"):
        request = publish("Held", "1", **{"ce-source": source})
        matched = ours.match(request)
        assert matched is not None
        made.append(len(ours.handle(matched.operation, None, request, MINE).effects))
    assert made == [1, 0, 1]


def test_each_run_has_a_fresh_one() -> None:
    prototype = Bus("events", ("Held", "Released"), steps=STEPS)
    for _ in range(2):
        ours, request = prototype.fresh(), publish("Held")
        matched = ours.match(request)
        assert matched is not None
        assert len(ours.handle(matched.operation, None, request, MINE).effects) == 1


@pytest.mark.parametrize(
    ("events", "steps", "says"),
    [
        ((), (), "at least one type"),
        (("A", "A"), (), "a name of its own"),
        (("A",), (EventStep(name="A", done="A"),), "a name of its own"),
        (("A",), (EventStep(name="a", done="B"),), "found 'B', expected"),
    ],
)
def test_what_cannot_be_a_bus_is_refused(
    events: tuple[str, ...], steps: tuple[EventStep, ...], says: str
) -> None:
    with pytest.raises(ScenarioError, match=says):
        _ = Bus("events", events, steps=steps).resources
