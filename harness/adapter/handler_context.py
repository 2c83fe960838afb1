"""What a handler is given: the event, and a context that publishes, sends commands and waits for replies.

A reply is an event whose attribute `correlationid` is the id of the command that it answers. Refuses to call
handlers (`handlers`), to know how messages come (`inbox`), and what a plain function is given
(`plain_handlers`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec

from harness.adapter.brokers import broker_at, http_url, publishing_client
from harness.adapter.context import SagaContext
from harness.cloudevents import CloudEvent
from harness.errors import UsageError, misplaced
from harness.saga import SAGA_ID, Correlation, Json

CORRELATION = "correlationid"
"""The attribute of a reply that holds the id of its command."""


class MessageEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler is given. id: the same whenever the event comes again. attempt: counted from 1."""

    id: str
    type: str
    source: str
    data: Json
    attempt: int
    attributes: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What the handlers of a saga share: the bus that they publish to, and how events name their saga.

    replies: the types of event that answer commands.
    """

    bus: str
    replies: tuple[str, ...] = ()
    correlation: Correlation = field(default_factory=Correlation)


class HandlerContext:
    """The first argument of a handler. saga_id: of the saga that the event belongs to.

    urls: participant to base URL. client: an `httpx.AsyncClient`. resumed: the handlers' process was
    struck, and this is the one that comes after it. memory: for what they share in memory; it dies with
    their process.
    """

    __slots__ = (
        *("_context", "_publisher", "_surface", "_waiting"),
        *("client", "memory", "resumed", "saga_id", "urls"),
    )

    def __init__(self, context: SagaContext, surface: Surface) -> None:
        self._context = context
        self._surface = surface
        self._waiting: list[tuple[str, asyncio.Future[MessageEvent]]] = []
        self._publisher: httpx.AsyncClient | None = None
        self.saga_id = context.saga_id
        self.urls = context.urls
        self.client = cast("httpx.AsyncClient", context.client)
        self.resumed = context.resumed
        self.memory: dict[str, Any] = {}

    @property
    def store_dir(self) -> Path:
        """A folder of this run that survives a crash; made when it is first asked for."""
        return self._context.store_dir

    async def publish(
        self,
        type_: str,
        data: Mapping[str, Json] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the name that CloudEvents gives it
        source: str = "/handlers",
        attributes: Mapping[str, str] | None = None,
        structured: bool = False,
        timeout_s: float | None = None,
    ) -> str:
        """Publish an event to the bus once, and return its id. The saga's id is added where it is missing.

        id: a new one unless given; who publishes again gives the same. structured: the whole event in the
        body. Raises httpx.HTTPError where the bus did not say that it has the event.
        """
        given = dict(data or {})
        headers: dict[str, str] = {}
        self._correlate(given, headers)
        event = CloudEvent(
            id=id or os.urandom(16).hex(),
            source=source,
            type=type_,
            data=given,
            attributes=attributes or {},
        )
        more, body = event.structured() if structured else event.binary()
        timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s
        client, url = self._bus()
        reply = await client.post(f"{url}/events", headers=headers | more, content=body, timeout=timeout)
        reply.raise_for_status()
        return event.id

    def _bus(self) -> tuple[httpx.AsyncClient, str]:
        """Who publishes, and where: a broker speaks no HTTP."""
        url = self.urls[self._surface.bus]
        broker = broker_at(url)
        if broker is None:
            return self.client, url
        if self._publisher is None:
            self._publisher = publishing_client(broker, url, self._surface.bus)
        return self._publisher, http_url(url)

    async def request(
        self,
        type_: str,
        data: Mapping[str, Json] | None = None,
        *,
        timeout_s: float,
        id: str | None = None,  # noqa: A002 - as of `publish`
        source: str = "/handlers",
        attributes: Mapping[str, str] | None = None,
    ) -> MessageEvent:
        """Publish a command, and return its reply: the event whose `correlationid` is the command's id.

        The reply is of a type that the saga names in its `replies`. timeout_s: for the bus and the reply
        together. Whoever asks again gives the same id. Raises TimeoutError where no reply came in time, and
        httpx.HTTPError where neither the bus nor a reply said that it has the command; in both cases it may
        be carried out yet. A reply that comes after that finds nobody. UsageError: the saga has no replies.
        """
        if not self._surface.replies:
            raise UsageError(misplaced("ctx.request, replies of the saga", [], "the events that are replies"))
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        reply: asyncio.Future[MessageEvent] = loop.create_future()
        waiting = (id or os.urandom(16).hex(), reply)
        self._waiting.append(waiting)
        try:
            await self._send(type_, data, waiting, source, attributes, timeout_s)
            async with asyncio.timeout_at(until_s):
                return await reply
        finally:
            self._waiting.remove(waiting)

    async def _send(
        self,
        type_: str,
        data: Mapping[str, Json] | None,
        waiting: tuple[str, asyncio.Future[MessageEvent]],
        source: str,
        attributes: Mapping[str, str] | None,
        timeout_s: float,
    ) -> None:
        """Publish a command; its reply says, too, that the bus has it."""
        id_, reply = waiting
        try:
            await self.publish(type_, data, id=id_, source=source, attributes=attributes, timeout_s=timeout_s)
        except httpx.HTTPError:
            if not reply.done():
                raise

    def _answered(self, event: MessageEvent) -> None:
        for id_, reply in self._waiting:
            if id_ == event.attributes.get(CORRELATION) and not reply.done():
                reply.set_result(event)

    def _correlate(self, data: dict[str, Json], headers: dict[str, str]) -> None:
        correlation = self._surface.correlation
        named = correlation.pattern.replace(SAGA_ID, self.saga_id)
        if correlation.header is not None:
            headers[correlation.header] = named
            return
        *outer, last = correlation.field.split(".")
        for name in outer:
            inner = dict(cast("Mapping[str, Json]", data.get(name) or {}))
            data[name] = inner
            data = inner
        data.setdefault(last, named)


async def take_reply(ctx: HandlerContext, event: MessageEvent) -> None:
    """The handler of replies: each goes to whoever waits for it; one that comes too late finds nobody."""
    ctx._answered(event)  # noqa: SLF001 - no handler of a user calls it
