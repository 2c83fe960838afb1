"""The API on HTTP: a tiny ASGI application.

Owns headers, redirects of unclean paths, the ban of browsers, and the limit on how long an answer may take.
"""

import asyncio
import itertools
import posixpath
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from harness.toxiproxy.embedded.api import BROWSER_FORBIDDEN, Answer, Api, Ask
from harness.toxiproxy.probe import EMBEDDED_SERVER_NAME

ANSWER_LIMIT_S = 25.0

# ASGI's own types: what a scope holds differs from event to event.
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Application:
    """One server's API as an ASGI application."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._serial = itertools.count(1)
        self._slow: set[asyncio.Task[Answer]] = set()

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        clean = _cleaned(path)
        if clean != path:
            query: bytes = scope["query_string"]
            target = clean.encode() + (b"?" + query if query else b"")
            await _send(send, Answer(status=301), [(b"location", target)])
            return
        answer, headers = await self._answer(scope, path, receive)
        await _send(send, answer, headers)

    async def _answer(self, scope: Event, path: str, receive: Receive) -> tuple[Answer, Headers]:
        found = self._api.route(scope["method"], path)
        if isinstance(found, Answer):
            return found, []
        serial = [(b"x-toxiproxy-request-id", f"{next(self._serial):020x}".encode())]
        if _user_agent(scope).startswith(b"Mozilla/"):
            return BROWSER_FORBIDDEN, serial
        endpoint, names = found
        ask = Ask(names=names, body=await _body(receive))
        return await self._in_time(self._api.answer(endpoint, ask)), serial

    async def _in_time(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=ANSWER_LIMIT_S)
        if done:
            return task.result()
        # A change that waits for a client to read goes on; only its client stops waiting.
        self._slow.add(task)
        task.add_done_callback(self._slow.discard)
        return Answer(status=503)


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        event = await receive()
        body += bytes(event.get("body", b""))
        if not event.get("more_body", False):
            return body


async def _send(send: Send, answer: Answer, extra: Headers) -> None:
    body = answer.body.encode()
    headers = [(b"server", EMBEDDED_SERVER_NAME.encode()), *extra]
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.content_type is not None and answer.content_type.startswith("text/plain; charset"):
        headers.append((b"x-content-type-options", b"nosniff"))
    if answer.status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _user_agent(scope: Event) -> bytes:
    return next((bytes(value) for name, value in scope["headers"] if name == b"user-agent"), b"")


def _cleaned(path: str) -> str:
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean
