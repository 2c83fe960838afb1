"""Plain functions beside an event loop: handlers that are not awaited run as threads of their process do.

Owns the threads on the wire; sim brings stacks of its own (`worlds.sim.beside`). Refuses to know what the
functions are.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")


class Beside(Protocol):
    """Of one executor, whose loop awaits `call`."""

    async def call(self, function: Callable[[], object]) -> object:
        """Run it beside the loop, and wait for what it returns or raises."""

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Inside of such a function: have the loop run it, and wait for what it returns or raises."""


class ThreadsBeside:
    """A thread for each call. They end with the process; nobody else can end them."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, function: Callable[[], object]) -> object:
        loop = self._loop = asyncio.get_running_loop()
        came: asyncio.Future[object] = loop.create_future()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                result = context.run(function)
            except BaseException as error:  # noqa: BLE001 - raised by whoever waits
                say(came.set_exception, error)
            else:
                say(came.set_result, result)

        def say(how: Callable[[Any], object], what: object) -> None:
            if not loop.is_closed():  # else the run is over, and nobody waits
                loop.call_soon_threadsafe(lambda: None if came.done() else how(what))

        name = f"handler-{getattr(function, '__name__', 'thread')}"
        threading.Thread(target=work, name=name, daemon=True).start()
        return await came

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        assert self._loop is not None, "only what was called waits"
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
