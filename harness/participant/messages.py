"""Request and response as a participant sees them, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from harness.cloudevents import CloudEvent
from harness.participant.ledger import Effect
from harness.saga import Json

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery. Header names are lower case; `query` keeps the last of a repeated name.

    target: path and query as they were sent, where bytes were; empty in sim.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    target: str = ""

    def fields(self) -> Mapping[str, Json]:
        """The JSON object in the body; empty where there is none."""
        if not self.body:
            return {}
        try:
            decoded = _decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return decoded if isinstance(decoded, dict) else {}


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What a participant answers. `body` is JSON bytes, or empty; or HTML, as a gateway writes it.

    media: what a service that is not ours says that its body is.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    html: bool = False
    media: str = ""

    @property
    def media_type(self) -> str | None:
        """What the body is; None where there is none."""
        if not self.body:
            return None
        return self.media or ("text/html" if self.html else "application/json")

    @classmethod
    def of(cls, status: int, content: Json = None) -> Response:
        """A response with `content` as its JSON body, or with none."""
        return cls(status=status, body=b"" if content is None else _encode(content))


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose call it is (RULES §2). `step` is None where the call belongs to no step."""

    saga_id: str
    step: str | None = None


class Whose(Protocol):
    """A scenario's own word on whose a request is. It is given what the rules say, and may return that."""

    def __call__(self, participant: str, request: Request, ruled: Owner, /) -> Owner:
        """The saga and the step, at the participant of that name; a step of None belongs to no step."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The result of handling a delivery: the answer, and what it changed.

    shows: the steps whose effect a query's answer shows; None: those that made the ids in it.
    published: the event that a bus accepted.
    """

    response: Response
    effects: tuple[Effect, ...] = ()
    key_conflict: bool = False
    shows: tuple[str, ...] | None = None
    published: CloudEvent | None = None
