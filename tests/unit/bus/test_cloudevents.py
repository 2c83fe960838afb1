"""CloudEvents 1.0 over HTTP: both modes come back as they were sent, and what is no event says why."""

from __future__ import annotations

import json

import pytest

from harness.cloudevents import CloudEvent, NotACloudEvent, read_event

EVENT = CloudEvent(
    id='1/ä %"',
    source="/shop",
    type="OrderPlaced",
    data={"saga_id": "s-1", "items": [1, 2]},
    attributes={"subject": "order 7", "partitionkey": "s-1"},
)


def test_binary_comes_back() -> None:
    headers, body = EVENT.binary()
    assert read_event(headers, body) == EVENT
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-subject"] == "order%207"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == EVENT.data
    assert all(value.isascii() for value in headers.values())


def test_structured_comes_back() -> None:
    headers, body = EVENT.structured()
    found = read_event(headers | {"content-type": "application/cloudevents+json; charset=utf-8"}, body)
    assert found.data == EVENT.data
    assert (found.id, found.type, found.source) == (EVENT.id, EVENT.type, EVENT.source)
    assert found.attributes == {**EVENT.attributes, "datacontenttype": "application/json"}


def test_data_may_be_absent_text_or_bytes() -> None:
    headers, _ = CloudEvent(id="1", source="/", type="T").binary()
    assert read_event(headers, b"").data is None
    assert read_event(headers | {"content-type": "text/plain"}, b"hello").data == "hello"
    assert read_event(headers | {"content-type": "application/octet-stream"}, b"\xff").data == "/w=="
    told = {"specversion": "1.0", "id": "1", "source": "/", "type": "T", "data_base64": "/w==", "flag": True}
    found = read_event({"content-type": "application/cloudevents+json"}, json.dumps(told).encode())
    assert (found.data, found.attributes) == ("/w==", {"flag": "true"})


@pytest.mark.parametrize(
    ("headers", "body", "says"),
    [
        ({}, b"{}", "lacks specversion, id, source, type"),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/"}, b"", "lacks type"),
        ({"ce-specversion": "0.3", "ce-id": "1", "ce-source": "/", "ce-type": "T"}, b"", "expected '1.0'"),
        ({"ce-id": "1", "content-type": "application/json"}, b"{", "the data is not JSON"),
        ({"content-type": "application/cloudevents+json"}, b"{", "the body is not JSON"),
        ({"content-type": "application/cloudevents+json"}, b"[]", "no JSON object"),
        ({"content-type": "application/cloudevents-batch+json"}, b"[]", "a batch"),
    ],
)
def test_what_is_no_event_says_why(headers: dict[str, str], body: bytes, says: str) -> None:
    with pytest.raises(NotACloudEvent, match=says):
        read_event(headers, body)
