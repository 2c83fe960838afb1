"""Answers as real services give them: bodies, ids, lists and errors of their own."""

from __future__ import annotations

import msgspec
import pytest

from harness.errors import ScenarioError
from harness.participant import Answers, Response, RestParticipant
from harness.plan import Fault
from tests.unit.faults.counter import Came, Counter
from tests.unit.faults.shop import CHARGE, KEY, MINE, SPEC, hold, shop

TICKET = Answers(
    fields={
        "pnr": "PNR-{n}",
        "total": "{body.amount}",
        "links": {"self": "/holds/{id}", "rel": ["{saga_id}", 7]},
        "text": "{body.amount} for {step}, {body.nothing}.",
    },
    created=200,
    undone=200,
    id="pnr",
    items="data.rows",
    error={"problem": "{error}", "code": "{status}", "of": "{id}"},
)
BODY = {
    "pnr": "PNR-1",
    "total": 42,
    "links": {"self": "/holds/PNR-1", "rel": ["saga-1", 7]},
    "text": "42 for hold, .",
}


def open_counter(answers: Answers, *faults: Fault) -> Counter:
    return Counter(SPEC, shop(hold(answers=answers), CHARGE), faults=faults)


def create(counter: Counter, **fields: object) -> Came:
    return counter.ask("shop", "POST", "/holds", {**MINE, "amount": 42, **fields}, key=KEY)


def answer(came: Came) -> Response:
    assert came.response is not None
    return came.response


def content(came: Came) -> object:
    return msgspec.json.decode(answer(came).body)


def test_a_body_of_its_own_is_answered_by_creates_repeats_and_queries() -> None:
    counter = open_counter(TICKET)
    made, again = create(counter), create(counter)
    assert (answer(made).status, content(made), content(again)) == (200, BODY, BODY)
    assert content(counter.ask("shop", "GET", "/holds/PNR-1")) == BODY
    assert content(counter.ask("shop", "GET", "/holds?saga_id=saga-1")) == {"data": {"rows": [BODY]}}


def test_queries_show_by_the_field_that_is_the_id() -> None:
    counter = open_counter(TICKET)
    create(counter)
    counter.ask("shop", "GET", "/holds/PNR-1")
    counter.ask("shop", "GET", "/holds?saga_id=saga-1")
    counter.ask("shop", "GET", "/holds/PNR-2")
    shown = [call.answered for call in counter.history.calls[1:]]
    assert [(one.lists, one.shows) for one in shown if one is not None] == [
        (("PNR-1",), ("hold",)),
        (("PNR-1",), ("hold",)),
        ((), ()),
    ]


def test_an_undo_goes_by_that_id_and_errors_have_their_body() -> None:
    counter = open_counter(TICKET)
    create(counter)
    undone = counter.ask("shop", "DELETE", "/holds/PNR-1?saga_id=saga-1")
    again = counter.ask("shop", "DELETE", "/holds/PNR-1?saga_id=saga-1")
    assert (answer(undone).status, content(undone)) == (200, BODY)
    assert (answer(again).status, content(again)) == (
        404,
        {"problem": "no hold PNR-1", "code": 404, "of": "PNR-1"},
    )


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [("reject", 409, "rejected"), ("error_after", 500, "internal error"), ("throttle", 429, "slow down")],
)
def test_faults_answer_as_the_resource_does(kind: str, status: int, says: str) -> None:
    came = create(open_counter(TICKET, Fault(kind=kind, operation="shop.hold.create")))
    assert content(came) == {"problem": says, "code": status, "of": ""}


def test_an_id_that_the_request_does_not_give_is_ours() -> None:
    counter = open_counter(Answers(fields={"sku": "{body.sku}"}, id="sku"))
    assert content(create(counter, sku="lamp")) == {"sku": "lamp"}
    counter = open_counter(Answers(fields={"sku": "{body.sku}"}, id="sku"))
    assert content(create(counter)) == {"sku": "hold-1"}


def test_a_list_with_nothing_around_it_and_an_id_that_is_nested() -> None:
    counter = open_counter(Answers(id="data.no", items="[]"))
    assert content(create(counter)) == {"data": {"no": "hold-1"}}
    assert content(counter.ask("shop", "GET", "/holds?saga_id=saga-1")) == [{"data": {"no": "hold-1"}}]
    answered = counter.history.calls[-1].answered
    assert answered is not None
    assert answered.lists == ("hold-1",)


def test_what_cannot_be_read_shows_nothing() -> None:
    for body in (b"<html>", b"", b"7"):
        assert Answers().ids_in(body, several=True) == Answers(items="[]").ids_in(body, several=False) == ()


def test_one_with_a_list_of_its_own_is_still_one() -> None:
    body = b'{"id": "1", "items": [{"id": "2"}]}'
    assert Answers().ids_in(body, several=False) == ("1",)
    assert Answers().ids_in(body, several=True) == ("2",)


def test_what_is_no_template_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"answer\.a\.0: found '\{bdy\.x\}'"):
        Answers(fields={"a": ["{bdy.x}"]})
    with pytest.raises(ScenarioError, match=r"error\.a: found '\{n\}'"):
        Answers(error={"a": "{n}"})
    with pytest.raises(ScenarioError, match="created = 202"):
        Answers(created=202)


def test_a_participant_without_a_word_answers_an_id() -> None:
    assert RestParticipant("shop", (hold(),)).resources[0].answers == Answers()
