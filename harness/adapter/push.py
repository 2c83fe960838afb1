"""An inbox over HTTP: a small server on loopback, to which the bus pushes messages one by one.

Owns what a subscriber has to speak: an event in a POST, 204 to acknowledge it, 500 to refuse it. Opened by
the first who waits, on the loop of the saga. Refuses to know who pushes, and what handlers do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote, urlsplit

import msgspec

from harness.adapter.inbox import Delivery, Ending
from harness.cloudevents import NotACloudEvent, read_event

ENDING_PATH = "/.ending"
ATTEMPT_HEADER = "saga-chaos-attempt"
_HEAD_END = b"\r\n\r\n"
_REASONS = {204: "No Content", 400: "Bad Request", 500: "Internal Server Error"}


class PushedEnding(msgspec.Struct, frozen=True, kw_only=True):
    """What the bus tells where no message is under way. last: nor will there be one."""

    ends: tuple[str, ...]
    dead: tuple[str, ...]
    later: tuple[str, ...]
    last: bool


class PushInbox:
    """Of one executor. subscribe: is called with where the server listens, like `http://127.0.0.1:40001`."""

    def __init__(self, subscribe: Callable[[str], Awaitable[None]]) -> None:
        self._subscribe = subscribe
        self._server: asyncio.Server | None = None
        self._messages: deque[Delivery] = deque()
        self._ending: Ending | None = None
        self._closed = False
        self._news: asyncio.Event = asyncio.Event()
        self._opening: asyncio.Task[None] | None = None

    async def next(self) -> Delivery | None:
        try:
            await self._open()
            while not (self._messages or self._closed):
                await self._wait()
        except BaseException:
            self._close()
            raise
        if self._messages:
            return self._messages.popleft()
        self._close()
        return None

    async def ending(self) -> Ending:
        await self._open()
        while self._ending is None:
            await self._wait()
        return self._ending

    async def _open(self) -> None:
        if self._opening is None:
            self._opening = asyncio.create_task(self._listen())
        await asyncio.shield(self._opening)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        await self._subscribe(f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}")

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _put(self, delivery: Delivery) -> None:
        self._messages.append(delivery)
        self._news.set()

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path, headers, body = await _read(reader)
            status, text = await self._answer(path, headers, body)
            head = f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-length: {len(text)}\r\n"
            writer.write(f"{head}connection: close\r\n\r\n".encode() + text)
            await writer.drain()
        except (OSError, EOFError, ValueError):
            pass  # the bus has left, or spoke no HTTP: it delivers again
        finally:
            writer.close()

    async def _answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        if path == ENDING_PATH:
            told = msgspec.json.decode(body, type=PushedEnding)
            self._ending = Ending(ends=told.ends, dead=told.dead, later=told.later)
            self._closed = told.last
            self._news.set()
            return 204, b""
        try:
            event = read_event(headers, body)
        except NotACloudEvent as error:
            return 400, str(error).encode()
        said: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._put(
            Delivery(
                subscription=path[1:],
                event=event,
                attempt=int(headers.get(ATTEMPT_HEADER, "1")),
                done=lambda reason: None if said.done() else said.set_result(reason),
            )
        )
        reason = await said
        return (204, b"") if reason is None else (500, reason.encode())


async def _read(reader: asyncio.StreamReader) -> tuple[str, Mapping[str, str], bytes]:
    """Path, headers and body of a request, or status, headers and body of a response."""
    head = (await reader.readuntil(_HEAD_END)).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return unquote(first.split(" ")[1]), headers, body


async def post(url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float) -> tuple[int, bytes]:
    """Send one request on a connection of its own: status, body. Raises OSError, EOFError, TimeoutError."""
    parts = urlsplit(url)
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            lines = [f"POST {target} HTTP/1.1", f"host: {parts.netloc}", "connection: close"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            lines.append(f"content-length: {len(body)}")
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            await writer.drain()
            status, _, answer = await _read(reader)
            return int(status), answer
        finally:
            writer.close()
