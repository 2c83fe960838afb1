"""HTTP/1.1 as a participant speaks it: requests parsed by httptools, replies as bytes.

Owns one connection of a participant: it hears the caller leave, may hold a request for as long as it
likes, and answers with exactly the bytes it is given. Refuses to know what a request means. A ready
server would get in the way: it owns the connection, and a reply that a toxic must strike has to be
written at a moment of our choosing.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, unquote

import httptools

from harness.participant import Request, Response

TAG_HEADER = "x-saga-chaos-call"
"""Joins what the httpx wrapper saw leave with what arrived here; taken out before anybody looks."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_RDHUP: int = getattr(select, "POLLRDHUP", 0)
"""Whoever closed its side of a connection; not every system tells."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}


def request_of(method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Request:
    """A request as participants know it."""
    path, _, query = target.decode("latin-1").partition("?")
    return Request(
        method=method,
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers},
        body=body,
        target=target.decode("latin-1"),
    )


def encode(response: Response, *, until_close: bool = False) -> bytes:
    """The bytes of a reply. `until_close`: its body ends with the connection, not after a length."""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.media_type is not None:
        lines.append(f"content-type: {response.media_type}")
    if until_close:
        lines.append("connection: close")
    elif response.status != HTTPStatus.NO_CONTENT:
        lines.append(f"content-length: {len(response.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body


OnRequest = Callable[["Caller", Request, str | None], None]


class Closable(Protocol):
    """A connection that came through a participant's proxy."""

    def close(self) -> None: ...


class Caller(Closable, Protocol):
    """Where an answer goes, whatever it speaks. ends: an answer may end with the connection."""

    ends: bool

    @property
    def gone(self) -> bool: ...

    def has_left(self) -> bool:
        """Whether it is gone, be it that nobody has heard of it yet."""

    def encode(self, response: Response, *, until_close: bool = False) -> bytes:
        """An answer in bytes."""

    def write(self, data: bytes) -> None:
        """Send bytes, unless the caller has left."""

    def lost(self) -> asyncio.Future[None]:
        """Done once the connection is closed, from whichever side."""


class Connection(asyncio.Protocol):
    """One connection. `on_request` gets each request with its tag, as soon as it is whole."""

    ends = True

    def __init__(self, on_request: OnRequest, connections: set[Closable]) -> None:
        self._on_request = on_request
        self._connections = connections
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._lost: asyncio.Future[None] | None = None
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self.gone = False

    # What asyncio calls -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.write(_BAD_REQUEST)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.gone = True
        self._connections.discard(self)
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)

    # What httptools calls ---------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if any(name.lower() == b"expect" for name, _ in self._headers):
            self.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("latin-1")
        tag_name = TAG_HEADER.encode()
        tags = [value.decode("latin-1") for name, value in self._headers if name.lower() == tag_name]
        headers = [one for one in self._headers if one[0].lower() != tag_name]
        request = request_of(method, self._target, headers, b"".join(self._body))
        self._target, self._headers, self._body = b"", [], []
        self._on_request(self, request, tags[0] if tags else None)

    # What a server does with it --------------------------------------------------------------

    def encode(self, response: Response, *, until_close: bool = False) -> bytes:
        """The bytes of a reply."""
        return encode(response, until_close=until_close)

    def write(self, data: bytes) -> None:
        """Send bytes, unless the caller has left."""
        if self._transport is not None and not self.gone:
            self._transport.write(data)

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is not None:
            self._transport.close()

    def has_left(self) -> bool:
        """The kernel knows before the loop does, which may have had too much to do."""
        if self.gone or self._transport is None or not _RDHUP:
            return self.gone
        found = self._transport.get_extra_info("socket")
        if found is None or found.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(found.fileno(), _RDHUP)
        return bool(poll.poll(0))

    def lost(self) -> asyncio.Future[None]:
        """Done once the connection is closed, from whichever side."""
        if self._lost is None:
            self._lost = asyncio.get_running_loop().create_future()
            if self.gone:
                self._lost.set_result(None)
        return self._lost
