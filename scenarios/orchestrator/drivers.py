"""The I/O of the orchestrator: sends, sleeps and keeps events as the core commands, and decides nothing."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping
from functools import cache

import httpx

from scenarios.orchestrator.commands import Answered, Emit, Reply, Send, Sleep, Unanswered
from scenarios.orchestrator.events import SagaEvent
from scenarios.orchestrator.retry import Steps, T

Keep = Callable[[SagaEvent], None]

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


async def drive(
    saga: Steps[T], client: httpx.AsyncClient, urls: Mapping[str, str], timeout_s: float, keep: Keep
) -> T:
    """Run the core to its end."""
    reply: Reply | None = None
    while True:
        try:
            command = saga.send(reply)
        except StopIteration as end:
            returned: T = end.value
            return returned
        reply = None
        match command:
            case Send():
                reply = await _send(client, request_of(client, urls, command, timeout_s))
            case Sleep():
                await asyncio.sleep(command.seconds)
            case Emit():
                keep(command.event)


def drive_sync(
    saga: Steps[T], client: httpx.Client, urls: Mapping[str, str], timeout_s: float, keep: Keep
) -> T:
    """The same without `async`."""
    reply: Reply | None = None
    while True:
        try:
            command = saga.send(reply)
        except StopIteration as end:
            returned: T = end.value
            return returned
        reply = None
        match command:
            case Send():
                reply = _send_sync(client, request_of(client, urls, command, timeout_s))
            case Sleep():
                time.sleep(command.seconds)
            case Emit():
                keep(command.event)


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> Reply:
    try:
        return answer_of(await client.send(request))
    except httpx.RequestError as error:
        return failure_of(error)


def _send_sync(client: httpx.Client, request: httpx.Request) -> Reply:
    try:
        return answer_of(client.send(request))
    except httpx.RequestError as error:
        return failure_of(error)


def request_of(
    client: httpx.AsyncClient | httpx.Client, urls: Mapping[str, str], send: Send, timeout_s: float
) -> httpx.Request:
    """The request of a command. Each has a time-out: a saga that waits for ever never ends."""
    call = send.call
    headers = dict(call.headers)
    if call.body:
        headers["content-type"] = "application/json"
    if send.key is not None:
        headers["idempotency-key"] = send.key
    return client.build_request(
        call.method,
        urls[call.service].rstrip("/") + call.path,
        params=call.query or None,
        content=call.body or None,
        headers=headers,
        timeout=_timeout(timeout_s if call.timeout_s is None else call.timeout_s),
    )


@cache
def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds)


def answer_of(response: httpx.Response) -> Answered:
    """What the core needs of a response."""
    content, readable = _content_of(response.content)
    return Answered(
        status=response.status_code,
        content=content,
        readable=readable,
        retry_after_s=_seconds(response.headers.get("retry-after")),
    )


def failure_of(error: httpx.RequestError) -> Unanswered:
    """What the core needs of an exception: above all, whether the request can have arrived."""
    return Unanswered(sent=not isinstance(error, _NEVER_SENT), error=type(error).__name__)


def _content_of(body: bytes) -> tuple[object, bool]:
    if not body:
        return None, True
    try:
        return json.loads(body), True
    except ValueError:
        return None, False


def _seconds(retry_after: str | None) -> float | None:
    """The date form of the header would need two clocks to agree; it is left to the back-off."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
