"""An event as an entry of a stream carries it, and back to the headers of CloudEvents over HTTP.

The stream `<bus>:<type>` holds the events of one type. The field `data` is the event's data, `ce-id` its id,
`ce-source` and further attributes `ce-…` as they are; every other field is a header. Entries of any client
can be read: what has no `ce-type` is named by its stream. Owns that mapping alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

from harness.brokers.marks import OURS
from harness.cloudevents import OF_HTTP, SPEC_VERSION

DATA = "data"
_ATTRIBUTE = "ce-"
_JSON = "application/json"


def stream_of(bus: str, type_: str) -> str:
    """Where the events of a type are."""
    return f"{bus}:{type_}"


def type_in(bus: str, stream: str) -> str | None:
    """The type of the events of a stream; None where it is none of the bus's."""
    start = f"{bus}:"
    return stream.removeprefix(start) if stream.startswith(start) else None


def headers_of(fields: Mapping[str, str], type_: str) -> dict[str, str]:
    """As a request has them, lower case: what `read_event` of an entry needs, and its own headers."""
    found = {"content-type": _JSON}
    for name, value in fields.items():
        lower = name.lower()
        if lower != DATA:
            found[lower] = quote(value) if lower.startswith(_ATTRIBUTE) else value
    found.setdefault("ce-type", quote(type_))
    if "ce-id" in found:
        found.setdefault("ce-source", "/redis")
        found.setdefault("ce-specversion", SPEC_VERSION)
    return found


def fields_of(headers: Mapping[str, str], body: bytes) -> dict[str, str | bytes]:
    """Of the entry that carries an event with these headers."""
    fields: dict[str, str | bytes] = {
        name: unquote(value) if name.startswith(_ATTRIBUTE) else value
        for name, value in headers.items()
        if name not in OF_HTTP
    }
    if headers.get("content-type", _JSON) != _JSON:
        fields["content-type"] = headers["content-type"]
    return {**fields, DATA: body}


def fields_in(words: Sequence[bytes]) -> dict[str, str]:
    """Names and values in turn, as an entry has them; the data's bytes are kept as they are."""
    pairs = zip(words[::2], words[1::2], strict=False)
    return {name.decode(errors="replace"): value.decode(errors="surrogateescape") for name, value in pairs}


def body_of(fields: Mapping[str, str]) -> bytes:
    """The data."""
    return fields.get(DATA, "").encode(errors="surrogateescape")


def without_marks(fields: Mapping[str, str]) -> dict[str, str]:
    """As its publisher wrote them."""
    return {name: value for name, value in fields.items() if not name.startswith(OURS)}
