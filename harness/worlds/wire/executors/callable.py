"""How a callable saga is called in real time: a coroutine on a loop of its own, or a plain function.

Owns the saga's event loop from the first executor to the end of the run, so that tasks which outlive
the return run on. Refuses to decide when faults end and what comes after.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol, cast

import httpx

from harness.adapter import CallableSaga, Returned, SagaContext, read_outcome
from harness.adapter.outcome import read_failure
from harness.clock.errors import SagaHung
from harness.clock.real import monotonic_s
from harness.saga import Json
from harness.worlds.wire.deadline import deadline
from harness.worlds.wire.hook import running
from harness.worlds.wire.traffic import RunOver

CLIENT_TIMEOUT_S = 1.0
"""Of `ctx.client`, where a request names none: on loopback a whole reply takes a few milliseconds."""

HANG_MARGIN_S = 0.5
CANCEL_LIMIT_S = 1.0

MakeContext = Callable[[httpx.AsyncClient | httpx.Client], SagaContext]


_abandoned: list[asyncio.AbstractEventLoop] = []
"""Loops whose tasks would not end: kept, for a task that is collected makes its coroutine run again."""

Mark = Callable[[], tuple[int, int]]
"""Tells the run and the executor that the code about to run belongs to."""


class TimedOut(Exception):  # noqa: N818 - named for what is so
    """The saga did not come back in time."""


class Executors(Protocol):
    """Calls the saga, as often as it takes, within one run."""

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        """One executor, to its end. `limit` tells when its time is up, which may come nearer."""

    def interrupt(self) -> None:
        """From any thread: the run is over, the executor has to end."""

    def run_on(self, until_s: float) -> None:
        """Let what outlived the return go on until it is done or the time is up."""

    def close(self) -> None:
        """End what is left."""


def executors_for(saga: CallableSaga, mark: Mark) -> Executors:
    """The right kind."""
    return AsyncExecutors(saga, mark) if saga.asynchronous else PlainExecutors(saga, mark)


class AsyncExecutors:
    """For `async def saga(ctx, input)`."""

    def __init__(self, saga: CallableSaga, mark: Mark) -> None:
        self._saga = saga
        self._mark = mark
        self._loop = asyncio.new_event_loop()
        # Ours, so that ending the loop need not wait for a thread that never ends.
        self._pool = ThreadPoolExecutor(thread_name_prefix="asyncio")
        self._loop.set_default_executor(self._pool)
        self._clients: list[httpx.AsyncClient] = []
        self._task: asyncio.Task[object] | None = None

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        client = httpx.AsyncClient(trust_env=False, timeout=CLIENT_TIMEOUT_S)
        self._clients.append(client)
        saga = cast("Coroutine[Any, Any, object]", self._saga.function(make_context(client), input_))
        return _heard(lambda: self._drive(saga, limit))

    def interrupt(self) -> None:
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def run_on(self, until_s: float) -> None:
        while tasks := asyncio.all_tasks(self._loop):
            left_s = until_s - monotonic_s()
            if left_s <= 0:
                return
            with suppress(SagaHung), deadline(left_s + HANG_MARGIN_S):
                self._loop.run_until_complete(asyncio.wait(tasks, timeout=left_s))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        with suppress(SagaHung), deadline(CANCEL_LIMIT_S + HANG_MARGIN_S):
            self._loop.run_until_complete(self._wind_up())
        if asyncio.all_tasks(self._loop):
            _abandoned.append(self._loop)
        else:
            self._loop.close()

    def _drive(self, saga: Coroutine[Any, Any, object], limit: Callable[[], float]) -> Returned:
        context = _marked(self._mark)
        task = self._task = self._loop.create_task(saga, context=context)
        while not task.done():
            left_s = limit() - monotonic_s()
            if left_s <= 0:
                raise TimedOut
            with deadline(left_s + HANG_MARGIN_S):
                self._loop.run_until_complete(asyncio.wait({task}, timeout=left_s))
        return read_outcome(task.result())

    async def _wind_up(self) -> None:
        tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            done, _ = await asyncio.wait(tasks, timeout=CANCEL_LIMIT_S)
            for task in done:
                task.cancelled() or task.exception()  # look at it, or asyncio complains that nobody did
        for client in self._clients:
            await client.aclose()
        await self._loop.shutdown_asyncgens()


class PlainExecutors:
    """For `def saga(ctx, input)`, which runs on the thread of the caller."""

    def __init__(self, saga: CallableSaga, mark: Mark) -> None:
        self._saga = saga
        self._mark = mark
        self._clients: list[httpx.Client] = []

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        client = httpx.Client(trust_env=False, timeout=CLIENT_TIMEOUT_S)
        self._clients.append(client)
        context = make_context(client)
        return _heard(lambda: self._watched(context, input_, limit))

    def interrupt(self) -> None:
        """Its next call tells it; one that makes none is struck at its deadline."""

    def run_on(self, until_s: float) -> None:
        """Nothing but threads can outlive it."""

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _watched(self, context: SagaContext, input_: Json, limit: Callable[[], float]) -> Returned:
        with deadline(limit() - monotonic_s()):
            return read_outcome(_marked(self._mark).run(self._saga.function, context, input_))


def _marked(mark: Mark) -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(running.set, mark())
    return context


def _heard(step: Callable[[], Returned]) -> Returned:
    """Whatever a saga raises is what it came to; what ends a run is not the saga's."""
    try:
        return step()
    except (RunOver, TimedOut, SagaHung, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit and CancelledError are findings, too
        return read_failure(error)
