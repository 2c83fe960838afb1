"""Frames are cut from a stream wherever it is split, and events survive the way through a message."""

from __future__ import annotations

import pytest
from pamqp.commands import Basic

from harness.cloudevents import CloudEvent, read_event
from harness.rabbitmq.events import headers_of, properties_of
from harness.rabbitmq.frames import (
    FRAME_MAX,
    PULSE,
    Content,
    FrameReader,
    NotAmqp,
    RawFrame,
    content_bytes,
    method_of,
)

EVENT = CloudEvent(id="e 1", source="/shop", type="OrderPlaced", data={"a": 1}, attributes={"subject": "ü"})


def message(body: bytes) -> bytes:
    method = Basic.Publish(exchange="events", routing_key="OrderPlaced")
    return content_bytes(method, 3, Basic.Properties(message_id="1"), body)


def whole(frames: list[RawFrame]) -> Content:
    content = Content(frames[0])
    ends = [content.add(one) for one in frames[1:]]
    assert ends == [*[False] * (len(ends) - 1), True]
    return content


@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_it_does_not_matter_where_the_stream_is_split(size: int) -> None:
    data = message(b"x" * 50) + PULSE
    reader = FrameReader()
    found = [one for at in range(0, len(data), size) for one in reader.feed(data[at : at + size])]
    assert [one.type for one in found] == [1, 2, 3, 8]
    assert b"".join(one.raw for one in found) == data


@pytest.mark.parametrize("length", [0, 1, FRAME_MAX, 3 * FRAME_MAX])
def test_a_message_of_any_length_is_put_together(length: int) -> None:
    body = b"x" * length
    content = whole(FrameReader().feed(message(body)))
    assert content.body == body
    assert content.properties.message_id == "1"
    assert method_of(content.method).routing_key == "OrderPlaced"


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(NotAmqp, match="no AMQP 0-9-1 frame: b'GET / HT"):
        FrameReader().feed(b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize("structured", [False, True])
def test_an_event_survives_the_way_through_a_message(*, structured: bool) -> None:
    headers, body = EVENT.structured() if structured else EVENT.binary()
    arrived = read_event(headers_of(properties_of(headers)), body)
    assert arrived == read_event(headers, body)
    assert (arrived.id, arrived.type, arrived.data) == (EVENT.id, EVENT.type, EVENT.data)
    assert arrived.attributes["subject"] == "ü"


def test_the_routing_key_names_what_has_no_type() -> None:
    event = read_event(headers_of(Basic.Properties(message_id="7"), "OrderPlaced"), b"{}")
    assert (event.id, event.type) == ("7", "OrderPlaced")
