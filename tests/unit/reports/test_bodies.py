"""Requests and answers in a timeline and on the page."""

from __future__ import annotations

from harness.history import Contents, History, Message
from reports.bodies import LONGEST, said_of
from reports.exchange import exchanges
from reports.rows import rows
from reports.timeline import timeline
from tests.unit.invariants.tale import Tale


def history(request: Message, answer: Message | None = None) -> History:
    tale = Tale()
    tale.act("hold")
    return History(tale.view.history.events, told=(Contents(call=1, request=request, answer=answer),))


def said(request: Message, answer: Message | None = None) -> tuple[str, ...]:
    told = history(request, answer)
    return said_of(told.calls[0], told)


def test_what_is_short_is_said_beneath_the_call_that_is_evidence() -> None:
    told = history(
        Message(body={"saga_id": "saga-1", "sku": "A"}), Message(status=201, body={"id": "1", "sku": "A"})
    )
    evidence = {told.calls[0].index}
    lines = timeline(told, evidence)
    at = next(index for index, line in enumerate(lines) if line.startswith(">"))
    assert [line.strip() for line in lines[at + 1 : at + 3]] == [
        'sent {"sku":"A"}',
        'answered 201 {"id":"1","sku":"A"}',
    ]
    assert not any("sent" in line for line in timeline(told))


def test_what_says_nothing_new_or_is_long_is_not() -> None:
    assert said(Message(body={"saga_id": "saga-1"}), Message(status=201, body={"id": "1"})) == ()
    assert said(Message(body={"a": "b" * LONGEST}), Message(status=200, body="a\nb")) == ()
    assert said(Message(body=[1]), Message(status=409, body={"error": "no"})) == (
        "sent [1]",
        'answered 409 {"error":"no"}',
    )


def test_nothing_is_said_of_what_was_not_kept() -> None:
    told = Tale()
    told.act("hold")
    assert said_of(told.view.history.calls[0], told.view.history) == ()


def test_the_page_has_them_in_full() -> None:
    told = history(
        Message(query={"dry": "no"}, headers={"x-a": "1"}, body={"sku": "A"}),
        Message(status=201, body="abc…", bytes=5_000),
    )
    ((one,), _) = exchanges(told, rows(told))
    assert one.sent == '?dry=no\nx-a: 1\n{\n  "sku": "A"\n}'
    assert one.got == "abc…\n(5,000 bytes, cut here)"
    empty = history(Message())
    ((one,), _) = exchanges(empty, rows(empty))
    assert (one.sent, one.got) == ("", "")
