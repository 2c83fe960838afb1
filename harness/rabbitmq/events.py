"""An event as a message of AMQP 0-9-1 carries it, and back to the headers of CloudEvents over HTTP.

The property `type` is the event's type, `message_id` its id; source and further attributes are headers
`ce-…`. Messages of any client can be read: what has no type is named by its routing key. Owns that mapping
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from harness.cloudevents import OF_HTTP, SPEC_VERSION

if TYPE_CHECKING:
    from pamqp.commands import Basic

PERSISTENT = 2
_PROPERTIES = {"ce-id": "message_id", "ce-type": "message_type"}


def headers_of(properties: Basic.Properties, routing_key: str = "") -> dict[str, str]:
    """As a request has them, lower case: what `read_event` of a message needs, and its own headers."""
    found = {
        str(name).lower(): str(value)
        for name, value in (properties.headers or {}).items()
        if isinstance(value, str | int)
    }
    type_ = properties.message_type or found.get("ce-type") or routing_key
    if type_:
        found["ce-type"] = quote(type_)
    if properties.message_id:
        found["ce-id"] = quote(properties.message_id)
    if type_ and properties.message_id:
        found.setdefault("ce-source", "/amqp")
        found.setdefault("ce-specversion", SPEC_VERSION)
    found["content-type"] = properties.content_type or "application/json"
    return found


def properties_of(
    headers: Mapping[str, str], more: Mapping[str, str | int] | None = None
) -> Basic.Properties:
    """Of the message that carries an event with these headers. more: headers of the harness."""
    from pamqp.commands import Basic  # noqa: PLC0415 - an extra

    carried: dict[str, object] = {
        name: value for name, value in headers.items() if name not in _PROPERTIES and name not in OF_HTTP
    }
    carried.update(more or {})
    return Basic.Properties(
        content_type=headers.get("content-type", "application/json"),
        delivery_mode=PERSISTENT,
        message_id=unquote(headers["ce-id"]) if "ce-id" in headers else None,
        message_type=unquote(headers["ce-type"]) if "ce-type" in headers else None,
        headers=carried,
    )
