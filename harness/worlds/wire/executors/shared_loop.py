"""Async sagas side by side, as tasks of one event loop: so a process of their owner has them.

A client, a lock or a queue that their module keeps belongs to a loop, and all of them use it. Owns the thread
on which that loop runs, and one saga's turn on it; the thread of each saga only waits. Refuses to know
executors (`side_by_side`), and to end code that stops the loop: nobody can, so the run ends without it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar, cast

import httpx

from harness.adapter import CallableSaga, Returned, read_outcome
from harness.adapter.host import CLIENT_TIMEOUT_S
from harness.adapter.whereabouts import waits_at
from harness.clock.real import monotonic_s
from harness.saga import Json
from harness.worlds.wire.executors.function_calls import (
    CANCEL_LIMIT_S,
    MakeContext,
    Mark,
    TimedOut,
    heard,
    marked,
)
from harness.worlds.wire.executors.kept_loops import KeptLoops

_T = TypeVar("_T")

_left_behind: list[asyncio.AbstractEventLoop] = []
"""Loops that a saga has stopped, or whose tasks would not end: kept, so that nothing of them is collected."""


class SharedLoop:
    """Of one run; its thread begins at once."""

    def __init__(self, loops: KeptLoops) -> None:
        self._loops = loops
        self.loop = loops.take()
        self._pool = ThreadPoolExecutor(thread_name_prefix="asyncio")
        self.loop.set_default_executor(self._pool)
        self._over = self._clean = False
        self._thread = threading.Thread(target=self._run, name="saga-loop", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over:
            with suppress(BaseException):  # SystemExit of a task, which has it as its result, too
                self.loop.run_forever()
        with suppress(BaseException):
            self._clean = self.loop.run_until_complete(_wind_up())

    def wait_for(self, coroutine: Coroutine[Any, Any, _T], limit_s: float) -> _T | None:
        """What it comes to, on the loop; None where the loop does not come to it in time."""
        future: Future[_T] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        with suppress(TimeoutError):
            return future.result(limit_s)
        return None

    def close(self) -> None:
        """End what is left on it, and keep it for the next run if nothing is."""
        self._over = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(2 * CANCEL_LIMIT_S)
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._thread.is_alive() or not self._clean:
            _left_behind.append(self.loop)
        elif getattr(self.loop, "_asyncgens", True):  # one that has shut generators down takes no new ones
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
        else:
            self._loops.give_back(self.loop)


class SharedCalls:
    """Satisfies `Calls`, for one saga of several."""

    cancellable = False

    def __init__(self, saga: CallableSaga, mark: Mark, shared: SharedLoop) -> None:
        self._saga = saga
        self._mark = mark
        self._shared = shared
        self._clients: list[httpx.AsyncClient] = []
        self._plain_clients: list[httpx.Client] = []
        self._task: asyncio.Task[object] | None = None

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        client = httpx.AsyncClient(trust_env=False, timeout=CLIENT_TIMEOUT_S)
        self._clients.append(client)
        context = make_context(client)
        context.make_plain_client = self._plain_client
        return heard(lambda: self._driven(context, input_, limit))

    def interrupt(self) -> None:
        if self._task is not None:
            self._shared.loop.call_soon_threadsafe(self._task.cancel)

    def cancel(self) -> None:
        """Nobody asks for it: no process fault strikes one of several."""

    def run_on(self, until_s: float) -> None:
        self._shared.wait_for(_quiet(until_s), max(0.0, until_s - monotonic_s()))

    def close(self) -> None:
        self._shared.wait_for(self._close_clients(), CANCEL_LIMIT_S)

    def _driven(self, context: Any, input_: Json, limit: Callable[[], float]) -> Returned:
        done: Future[object] = Future()

        def begin() -> None:
            saga = cast("Coroutine[Any, Any, object]", self._saga.function(context, input_))
            self._task = self._shared.loop.create_task(saga, context=marked(self._mark))
            self._task.add_done_callback(lambda _: done.set_result(None))

        self._shared.loop.call_soon_threadsafe(begin)
        while not done.done():
            left_s = limit() - monotonic_s()
            if left_s <= 0:
                raise TimedOut(waits_at(None, [] if self._task is None else [self._task]))
            with suppress(TimeoutError):
                done.result(left_s)
        assert self._task is not None
        return read_outcome(self._task.result())

    def _plain_client(self) -> httpx.Client:
        self._plain_clients.append(httpx.Client(trust_env=False, timeout=CLIENT_TIMEOUT_S))
        return self._plain_clients[-1]

    async def _close_clients(self) -> None:
        for client in self._clients:
            await client.aclose()
        for plain in self._plain_clients:
            plain.close()


def _others() -> set[asyncio.Task[Any]]:
    return {one for one in asyncio.all_tasks() if one is not asyncio.current_task()}


async def _quiet(until_s: float) -> None:
    """Until the sagas have left no task."""
    while (tasks := _others()) and (left_s := until_s - monotonic_s()) > 0:
        await asyncio.wait(tasks, timeout=left_s)


async def _wind_up() -> bool:
    """Whether nothing is left."""
    tasks = _others()
    for task in tasks:
        task.cancel()
    if tasks:
        done, tasks = await asyncio.wait(tasks, timeout=CANCEL_LIMIT_S)
        for task in done:
            task.cancelled() or task.exception()  # look at it, or asyncio complains that nobody did
    return not tasks
