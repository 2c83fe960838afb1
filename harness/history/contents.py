"""What requests and answers held: headers, query and body of each call, bounded, and without secrets.

Owns what is kept of them while a run goes on (the very objects, so that a search pays nothing for them) and
how they are told once somebody looks: noise left out, secrets hidden, long bodies cut. Refuses to judge:
nothing is read from them but by people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from harness.saga import Json

if TYPE_CHECKING:
    from harness.adapter.redaction import Redaction
    from harness.participant import Request, Response

LONGEST = 4_096
"""Bytes of a body that are told; a longer one is cut."""

MOST_BYTES = 4_000_000
"""Of bodies that a run keeps, and of lines that a history has of them; what comes later is not kept."""

_NOISE = frozenset(
    (
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
        "content-length",
        "content-type",
        "date",
    )
)


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request or an answer. body: its JSON, else its text; cut where it is longer than `LONGEST`.

    bytes: how long it was, of one that was cut, not kept, or is no text.
    """

    status: int | None = None
    query: dict[str, str] = msgspec.field(default_factory=dict)
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: Json = None
    bytes: int | None = None


class Contents(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="contents"):
    """Of one call. answer: what was answered, be it that its caller never saw it; None where nothing was."""

    call: int
    request: Message
    answer: Message | None = None


class Printed(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="printed"):
    """What the saga printed in the run, cut where it is long."""

    text: str


class Kept:
    """Requests and answers of a run, as they were. redact: names of fields and headers to hide as well."""

    __slots__ = ("_answers", "_redact", "_renamed", "_requests", "_room", "hidden")

    def __init__(self, redact: tuple[str, ...] = ()) -> None:
        self._redact = redact
        self._requests: dict[int, Request] = {}
        self._answers: dict[int, Response] = {}
        self._room = MOST_BYTES
        self._renamed: tuple[bytes, bytes] | None = None
        self.hidden: tuple[str, ...] = ()

    def sent(self, call: int, request: Request) -> None:
        """A request left."""
        self._room -= len(request.body)
        if self._room >= 0:
            self._requests[call] = request

    def answered(self, call: int, response: Response) -> None:
        """It was answered; the last word counts."""
        if call not in self._answers:
            self._room -= len(response.body)
        if self._room >= 0:
            self._answers[call] = response

    def renamed(self, own: str, told: str) -> Kept:
        """The same under another id of its saga."""
        same = Kept(self._redact)
        same._requests, same._answers = self._requests, self._answers
        same._renamed = own.encode(), told.encode()
        return same

    def told(self) -> tuple[Contents, ...]:
        """As people read them, in the order of the calls. `hidden` has then what was hidden by its name."""
        from harness.adapter.redaction import Redaction  # noqa: PLC0415 - brings httpx, and readers need none

        redaction = Redaction(self._redact)
        found = tuple(self._bounded(redaction))
        self.hidden = tuple(redaction.values)
        if self._renamed is None:
            return found
        own, told = (name.decode() for name in self._renamed)
        self.hidden = tuple(value.replace(own, told) for value in self.hidden)
        return _decode(_encode(found).replace(*self._renamed))

    def _bounded(self, redaction: Redaction) -> Iterator[Contents]:
        room = MOST_BYTES
        for call, request in sorted(self._requests.items()):
            answer = self._answers.get(call)
            room -= min(len(request.body), LONGEST) + (
                0 if answer is None else min(len(answer.body), LONGEST)
            )
            if room < 0:
                return
            yield Contents(
                call=call,
                request=_request(request, redaction),
                answer=None if answer is None else _answer(answer, redaction),
            )


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Contents, ...]).decode


def _request(request: Request, redaction: Redaction) -> Message:
    body, size = _body(request.body, redaction)
    query = {name: redaction.named(name, value) for name, value in request.query.items()}
    return Message(query=query, headers=_headers(request.headers, redaction), body=body, bytes=size)


def _answer(response: Response, redaction: Redaction) -> Message:
    body, size = _body(response.body, redaction)
    headers = _headers(dict(response.headers), redaction)
    return Message(status=response.status, headers=headers, body=body, bytes=size)


def _headers(headers: Mapping[str, str], redaction: Redaction) -> dict[str, str]:
    return {
        name: redaction.header(name, value)[:LONGEST]
        for name, value in headers.items()
        if name.lower() not in _NOISE
    }


def _body(body: bytes, redaction: Redaction) -> tuple[Json, int | None]:
    """What is shown of it, and how long it was where that is not all of it."""
    if not body:
        return None, None
    try:
        content: Json = redaction.json(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _text(body, redaction)
    if len(body) <= LONGEST:
        return content, None
    return _cut(_encode(content).decode()), len(body)


def _text(body: bytes, redaction: Redaction) -> tuple[str | None, int | None]:
    try:
        text = redaction.text(body.decode())
    except UnicodeDecodeError:
        return None, len(body)
    return (text, None) if len(body) <= LONGEST else (_cut(text), len(body))


def _cut(text: str) -> str:
    return f"{text[:LONGEST]}…"
