"""What the fault injector keeps to whatever a world does: ends once, receipts once, and what it records."""

from __future__ import annotations

import pytest

from harness.faults.answers import GARBAGE, answer_event
from harness.history import CallAnswered, CallFailed, FaultFired, KeyConflict
from harness.participant import Reply, ResourceSpec, Response, RestParticipant, Verb
from harness.plan import Fault
from harness.plan.decision import Symptom
from tests.unit.faults.counter import Counter, request
from tests.unit.faults.shop import KEY, MINE, SPEC, hold, routes, shop

CREATE = "shop.hold.create"


def test_a_call_ends_once() -> None:
    counter = Counter(SPEC, shop())
    in_flight = counter.ask("shop", "POST", "/holds", MINE, key=KEY).in_flight
    counter.injector.failed(in_flight, Symptom.SILENCE)
    counter.injector.answered(in_flight, Response(status=500))
    ends = [one for one in counter.recorder.events if isinstance(one, CallAnswered | CallFailed)]
    assert [type(one) for one in ends] == [CallAnswered]


def test_a_fault_is_recorded_once_a_call() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="error_before", operation=CREATE),))
    in_flight = counter.ask("shop", "POST", "/holds", MINE, key=KEY).in_flight
    counter.injector.judge.confirmed(in_flight)
    counter.injector.judge.confirmed(counter.ask("shop", "POST", "/holds", MINE, key=KEY).in_flight)
    assert len([one for one in counter.recorder.events if isinstance(one, FaultFired)]) == 1
    assert counter.history.fired() == {0}


def test_what_fired_names_toxic_and_what_it_came_to_and_a_collateral_hit_no_fault() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="slow", operation=CREATE),))
    struck = counter.injector.send(1, "shop", request("POST", "/holds", MINE, key=KEY))
    counter.injector.deliver(struck)
    counter.injector.judge.confirmed(struck, "latency", seen=Symptom.SILENCE)
    other = counter.injector.send(1, "shop", request("POST", "/holds", MINE, key=KEY))
    counter.injector.judge.collateral(other, Symptom.REFUSED, "disabled")
    fired = [one for one in counter.recorder.events if isinstance(one, FaultFired)]
    assert [(one.call, one.fault, one.kind, one.toxic) for one in fired] == [
        (1, 0, "lose_reply", "latency"),
        (2, None, "refuse", "disabled"),
    ]


def test_a_call_is_recorded_as_it_was_sent() -> None:
    counter = Counter(SPEC, shop())
    counter.injector.send(3, "shop", request("POST", "/holds", MINE, key=KEY), endless=True)
    sent = counter.history.calls[0].sent
    assert (sent.executor, sent.saga_id, sent.operation, sent.nth) == (3, "saga-1", CREATE, 1)
    assert (sent.method, sent.path, sent.key, sent.heeds_key, sent.endless) == (
        *("POST", "/holds", KEY),
        *(True, True),
    )


def test_which_calls_heed_keys() -> None:
    counter = Counter(SPEC, shop())
    for method, target in (
        ("POST", "/holds"),
        ("GET", "/holds"),
        ("DELETE", "/holds"),
        ("POST", "/refunds"),
        ("POST", "/nowhere"),
    ):
        counter.ask("shop", method, target, MINE, key=KEY)
    assert [call.sent.heeds_key for call in counter.history.calls] == [True, False, False, True, False]


def test_a_key_with_another_body_is_recorded() -> None:
    counter = Counter(SPEC, shop())
    counter.ask("shop", "POST", "/holds", MINE, key=KEY)
    assert counter.ask("shop", "POST", "/holds", {**MINE, "more": 1}, key=KEY).status == 422
    conflicts = [one for one in counter.recorder.events if isinstance(one, KeyConflict)]
    assert [(one.call, one.key) for one in conflicts] == [(2, KEY)]
    assert [call.conflict for call in counter.history.calls] == [False, True]


def test_a_query_is_recorded_with_what_it_showed() -> None:
    counter = Counter(SPEC, shop())
    for target in ("/holds?saga_id=saga-1", "/holds/hold-1"):
        counter.ask("shop", "GET", target)
    counter.ask("shop", "POST", "/holds", MINE, key=KEY)
    for target in ("/holds?saga_id=saga-1", "/holds/hold-1"):
        counter.ask("shop", "GET", target)
    answered = [call.answered for call in counter.history.calls]
    assert [one.lists for one in answered if one] == [(), (), None, ("hold-1",), ("hold-1",)]
    assert [one.shows for one in answered if one] == [(), (), None, ("hold",), ("hold",)]


class Odd(RestParticipant):
    """Lists what is no list."""

    def handle(self, *_: object, **__: object) -> Reply:
        return Reply(response=Response.of(200, {"items": "none"}))


def test_an_answer_of_another_shape_shows_nothing() -> None:
    counter = Counter(SPEC, Odd("shop", (hold(),)))
    counter.ask("shop", "GET", "/holds?saga_id=saga-1")
    answered = counter.history.calls[0].answered
    assert answered is not None
    assert answered.lists == ()


def test_an_undo_by_saga_without_the_rest_is_a_whole_resource_too() -> None:
    bare = ResourceSpec(name="hold", routes=routes((Verb.CREATE, "POST /holds"), (Verb.FIND, "GET /holds")))
    counter = Counter(SPEC, shop(bare))
    assert counter.ask("shop", "DELETE", "/holds?saga_id=saga-1").status == 404


# What a reply said ---------------------------------------------------------------------------------


def said(body: bytes = b"", headers: tuple[tuple[str, str], ...] = (), saga_id: str = "saga-1") -> str:
    counter = Counter(SPEC, shop(), saga_ids=(saga_id,))
    in_flight = counter.ask("shop", "POST", "/holds", {"saga_id": saga_id}).in_flight
    response = Response(status=200, body=body, headers=headers)
    return answer_event(0.0, in_flight, response, (saga_id,)).content


@pytest.mark.parametrize(
    ("name", "value", "asked_s"),
    [
        ("retry-after", "3", 3.0),
        ("Retry-After", " 0.5 ", 0.5),
        ("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("Retry-After", "soon", None),
        ("Retry", "3", None),
    ],
)
def test_a_retry_after_in_seconds_is_what_was_asked(name: str, value: str, asked_s: float | None) -> None:
    """A date is by the clock of a service, and may be none at all."""
    counter = Counter(SPEC, shop())
    in_flight = counter.ask("shop", "POST", "/holds", {"saga_id": "saga-1"}).in_flight
    response = Response(status=503, headers=((name, value),))
    assert answer_event(0.0, in_flight, response).retry_after_s == asked_s


def test_equal_replies_have_equal_content_and_others_have_not() -> None:
    assert said() == said(headers=(("Date", "Wed, 21 Oct 2026 07:28:00 GMT"),)) == ""
    assert said(b'{"id":1}') == said(b'{"id":1}') != said(b'{"id":2}')
    assert said(b'{"id":1}', (("retry-after", "1"),)) != said(b'{"id":1}')
    assert said(GARBAGE) != said(b'{"id":1}')


def test_what_the_saga_is_called_makes_no_difference_to_the_content() -> None:
    assert said(b'{"of":"saga-1"}') == said(b'{"of":"saga-2"}', saga_id="saga-2") != said(b'{"of":"saga-2"}')
