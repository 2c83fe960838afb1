"""An event as an entry of a stream."""

from __future__ import annotations

import pytest

from harness.cloudevents import CloudEvent, read_event
from harness.redis.events import body_of, fields_in, fields_of, headers_of, stream_of, type_in

EVENT = CloudEvent(
    id="é 7",
    source="/shop",
    type="OrderPlaced",
    data={"saga_id": "s", "n": "ü"},
    attributes={"subject": "a%b ü"},
)


@pytest.mark.parametrize("structured", [False, True])
def test_an_event_survives_the_way_through_an_entry(*, structured: bool) -> None:
    headers, body = EVENT.structured() if structured else EVENT.binary()
    carried = fields_of({**headers, "host": "x", "x-saga": "s-1"}, body)
    assert "host" not in carried
    pairs = [word if isinstance(word, bytes) else word.encode() for pair in carried.items() for word in pair]
    fields = fields_in(pairs)
    found = headers_of(fields, "OrderPlaced")
    assert found["x-saga"] == "s-1"
    arrived = read_event(found, body_of(fields))
    assert (arrived.id, arrived.type, arrived.data) == (EVENT.id, EVENT.type, EVENT.data)
    assert arrived.attributes["subject"] == "a%b ü"


def test_attributes_are_written_as_they_are() -> None:
    fields = fields_of(*EVENT.binary())
    assert (fields["ce-id"], fields["ce-subject"]) == ("é 7", "a%b ü")


def test_the_stream_names_what_has_no_type() -> None:
    assert type_in("events", stream_of("events", "OrderPlaced")) == "OrderPlaced"
    assert type_in("events", "audit") is None
    event = read_event(headers_of({"ce-id": "7", "data": "{}"}, "OrderPlaced"), b"{}")
    assert (event.id, event.type, event.source) == ("7", "OrderPlaced", "/redis")


def test_bytes_that_are_no_text_come_through() -> None:
    assert body_of(fields_in([b"data", b"\xff\x00"])) == b"\xff\x00"
