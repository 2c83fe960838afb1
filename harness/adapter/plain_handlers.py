"""Handlers that are plain functions: `def on_order_placed(ctx, event)`, which publish without `await`.

Each message is handled in a thread of its own; in sim the harness decides whose turn it is. Owns the context
that they are given. Refuses to know how they are run (`beside`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from harness.adapter.context import SagaContext
from harness.adapter.handler_context import HandlerContext, MessageEvent
from harness.errors import UsageError, misplaced
from harness.saga import Json


class PlainHandlerContext:
    """The first argument of a handler that is no coroutine function; see `HandlerContext`.

    client: an `httpx.Client`. memory: the same dict for all handlers of the process, awaited ones too.
    """

    __slots__ = ("_awaited", "_beside", "client", "memory", "resumed", "saga_id", "urls")

    def __init__(self, awaited: HandlerContext, context: SagaContext) -> None:
        self._awaited = awaited
        self._beside = context.beside
        self.saga_id = awaited.saga_id
        self.urls = awaited.urls
        self.client: httpx.Client = context.make_plain_client()
        self.resumed = awaited.resumed
        self.memory: dict[str, Any] = awaited.memory

    @property
    def store_dir(self) -> Path:
        """A folder of this run that survives a crash; made when it is first asked for."""
        return self._awaited.store_dir

    def publish(
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
        """As `HandlerContext.publish`: once; httpx.HTTPError where the bus did not say that it has it."""
        return self._beside.wait(
            self._awaited.publish(
                type_,
                data,
                id=id,
                source=source,
                attributes=attributes,
                structured=structured,
                timeout_s=timeout_s,
            )
        )

    def request(
        self,
        type_: str,
        data: Mapping[str, Json] | None = None,
        *,
        timeout_s: float,
        id: str | None = None,  # noqa: A002 - as of `publish`
        source: str = "/handlers",
        attributes: Mapping[str, str] | None = None,
    ) -> MessageEvent:
        """As `HandlerContext.request`: publish a command, and return its reply, or raise TimeoutError."""
        return self._beside.wait(
            self._awaited.request(
                type_, data, timeout_s=timeout_s, id=id, source=source, attributes=attributes
            )
        )


def is_awaited(function: object) -> bool:
    """Whether calling it makes a coroutine."""
    call = getattr(function, "__call__", None)  # noqa: B004 - objects whose __call__ is async
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


class PlainHandlers:
    """Those of one process. Their client is made when the first of them is called."""

    def __init__(self, awaited: HandlerContext, context: SagaContext) -> None:
        self._awaited = awaited
        self._context = context
        self._given: PlainHandlerContext | None = None

    async def call(self, function: Callable[..., object], event: MessageEvent) -> None:
        """Raises what the handler raises. UsageError: it returned a coroutine, which nobody would await."""
        if self._given is None:
            self._given = PlainHandlerContext(self._awaited, self._context)
        told = await self._context.beside.call(partial(function, self._given, event))
        if inspect.iscoroutine(told):
            told.close()
            name = getattr(function, "__name__", type(function).__name__)
            raise UsageError(misplaced(f"handler {name}, what it returned", "a coroutine", "async def"))
