"""CloudEvents 1.0 over HTTP: an event as a request carries it, in binary and in structured mode.

Owns the reading and the writing of both, and says what is wrong with a request that is none. Refuses to know
who publishes, who subscribes and what a bus does with an event. Batches are refused.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote, unquote

import msgspec

from harness.saga import Json

SPEC_VERSION = "1.0"
STRUCTURED = "application/cloudevents+json"
OF_HTTP = frozenset(
    {"host", "connection", "content-length", "content-type", "accept", "accept-encoding", "user-agent"}
)
"""Headers that say nothing of an event; a broker does not carry them."""

_PREFIX = "ce-"
_REQUIRED = ("specversion", "id", "source", "type")
_NOT_EXTENSIONS = frozenset({"id", "source", "type", "specversion", "data", "data_base64"})
# Printable ASCII but for the space, the double quote and the percent sign (HTTP binding, 3.1.3.2).
_SAFE = "".join(chr(one) for one in range(0x21, 0x7F) if chr(one) not in '"%')

_encode = msgspec.json.Encoder().encode


class NotACloudEvent(ValueError):  # noqa: N818 - says what the request is
    """The request carries no event of CloudEvents 1.0; the message says what is missing."""


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. attributes: all others, `time`, `subject` and extensions among them."""

    id: str
    source: str
    type: str
    data: Json = None
    attributes: Mapping[str, str] = {}

    def binary(self) -> tuple[dict[str, str], bytes]:
        """Headers and body in binary mode: the body is the data alone."""
        named = {"specversion": SPEC_VERSION, "id": self.id, "source": self.source, "type": self.type}
        named |= self.attributes
        headers = {f"{_PREFIX}{name}": quote(value, safe=_SAFE) for name, value in named.items()}
        headers.pop("ce-datacontenttype", None)
        return headers | {"content-type": "application/json"}, _encode(self.data)

    def structured(self) -> tuple[dict[str, str], bytes]:
        """Headers and body in structured mode: the body is the whole event."""
        told: dict[str, Json] = {"specversion": SPEC_VERSION, "id": self.id, "source": self.source}
        told |= {"type": self.type, "datacontenttype": "application/json", **self.attributes}
        told["data"] = self.data
        return {"content-type": STRUCTURED}, _encode(told)


def read_event(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """The event of a request whose header names are lower case. Raises NotACloudEvent."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media.startswith("application/cloudevents-batch"):
        raise NotACloudEvent("a batch of events: send them one by one")
    if media.startswith("application/cloudevents"):
        return _structured(body)
    named = {
        name.removeprefix(_PREFIX): unquote(value)
        for name, value in headers.items()
        if name.startswith(_PREFIX)
    }
    return _event(named, _data(body, media) if body else None)


def _structured(body: bytes) -> CloudEvent:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotACloudEvent(f"the body is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise NotACloudEvent("the body is no JSON object")
    data: Json = told.get("data")
    if "data_base64" in told:
        data = str(told["data_base64"])
    named = {name: _text(value) for name, value in told.items() if name not in ("data", "data_base64")}
    return _event(named, data)


def _event(named: Mapping[str, str], data: Json) -> CloudEvent:
    missing = [name for name in _REQUIRED if not named.get(name)]
    if missing:
        raise NotACloudEvent(f"the event lacks {', '.join(missing)}")
    if named["specversion"] != SPEC_VERSION:
        raise NotACloudEvent(f"specversion is {named['specversion']!r}, expected {SPEC_VERSION!r}")
    others = {name: value for name, value in named.items() if name not in _NOT_EXTENSIONS}
    return CloudEvent(
        id=named["id"], source=named["source"], type=named["type"], data=data, attributes=others
    )


def _data(body: bytes, media: str) -> Json:
    if media in ("", "application/json") or media.endswith("+json"):
        try:
            decoded: Json = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotACloudEvent(f"the data is not JSON: {error}") from None
        return decoded
    try:
        return body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
