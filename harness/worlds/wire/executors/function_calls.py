"""Calls a saga's function in this process: a coroutine on a loop, a plain function as it is.

Owns the saga's clients, and its turn on the loop (`kept_loops`), from the first call to the end of the run,
ending a call whose time is up, and what outlives its return. Refuses to know executors (`callable`).
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
from harness.adapter.host import CLIENT_TIMEOUT_S
from harness.adapter.outcome import read_failure
from harness.adapter.whereabouts import waits_at
from harness.clock.errors import SagaHung
from harness.clock.real import monotonic_s
from harness.saga import Json
from harness.worlds.wire.deadline import deadline
from harness.worlds.wire.executors.kept_loops import KeptLoops
from harness.worlds.wire.httpx_wrapper import running
from harness.worlds.wire.run_signals import RunOver

HANG_MARGIN_S = 0.5
CANCEL_LIMIT_S = 1.0

MakeContext = Callable[[httpx.AsyncClient | httpx.Client], SagaContext]


_abandoned: list[asyncio.AbstractEventLoop] = []
"""Loops whose tasks would not end: kept, for a task that is collected makes its coroutine run again."""

Mark = Callable[[], tuple[int, int]]
"""Tells the run and the executor that the code about to run belongs to."""


class TimedOut(Exception):  # noqa: N818 - named for what is so
    """The saga did not come back in time. at: where it waits, as far as that is known."""

    def __init__(self, at: str) -> None:
        super().__init__(at)
        self.at = at


class Cancelled(Exception):  # noqa: N818 - named for what is so
    """The saga was cancelled, and let the cancellation through."""


class Calls(Protocol):
    """Calls the function."""

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        """To its end. `limit` tells when its time is up."""

    def interrupt(self) -> None:
        """From any thread: it has to end."""

    @property
    def cancellable(self) -> bool:
        """Whether it runs, and can be cancelled."""

    def cancel(self) -> None:
        """From any thread: as its caller would."""

    def run_on(self, until_s: float) -> None:
        """Let what outlived the return go on."""

    def close(self) -> None:
        """End what is left."""


def calls_for(saga: CallableSaga, mark: Mark, loops: KeptLoops) -> Calls:
    return AsyncCalls(saga, mark, loops) if saga.asynchronous else PlainCalls(saga, mark)


class AsyncCalls:
    """For `async def saga(ctx, input)`."""

    def __init__(self, saga: CallableSaga, mark: Mark, loops: KeptLoops) -> None:
        self._saga = saga
        self._mark = mark
        self._loops = loops
        self._loop = loops.take()
        self._reusable = True
        # Ours, so that ending the loop need not wait for a thread that never ends.
        self._pool = ThreadPoolExecutor(thread_name_prefix="asyncio")
        self._loop.set_default_executor(self._pool)
        self._clients: list[httpx.AsyncClient] = []
        self._plain_clients: list[httpx.Client] = []
        self._task: asyncio.Task[object] | None = None
        self._cancelled = False

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        client = httpx.AsyncClient(trust_env=False, timeout=CLIENT_TIMEOUT_S)
        self._clients.append(client)
        self._cancelled = False
        context = make_context(client)
        context.make_plain_client = self._plain_client
        saga = cast("Coroutine[Any, Any, object]", self._saga.function(context, input_))
        return heard(lambda: self._drive(saga, limit))

    def _plain_client(self) -> httpx.Client:
        """For handlers that are plain functions."""
        self._plain_clients.append(httpx.Client(trust_env=False, timeout=CLIENT_TIMEOUT_S))
        return self._plain_clients[-1]

    def interrupt(self) -> None:
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    @property
    def cancellable(self) -> bool:
        return self._task is not None and not self._task.done()

    def cancel(self) -> None:
        self._cancelled = True
        self.interrupt()

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
        elif self._reusable:
            self._loops.give_back(self._loop)
        else:
            self._loop.close()

    def _drive(self, saga: Coroutine[Any, Any, object], limit: Callable[[], float]) -> Returned:
        context = marked(self._mark)
        task = self._task = self._loop.create_task(saga, context=context)
        while not task.done():
            left_s = limit() - monotonic_s()
            if left_s <= 0:
                others = asyncio.all_tasks(self._loop) - {task}
                raise TimedOut(waits_at(None, [task, *others]))
            with deadline(left_s + HANG_MARGIN_S):
                self._loop.run_until_complete(asyncio.wait({task}, timeout=left_s))
        if self._cancelled and task.cancelled():
            raise Cancelled
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
        for plain in self._plain_clients:
            plain.close()
        # A loop that has shut its generators down takes no new ones. Only asyncio's own says if it has any.
        if getattr(self._loop, "_asyncgens", True):
            self._reusable = False
            await self._loop.shutdown_asyncgens()


class PlainCalls:
    """For `def saga(ctx, input)`, which runs on the thread of the caller."""

    def __init__(self, saga: CallableSaga, mark: Mark) -> None:
        self._saga = saga
        self._mark = mark
        self._clients: list[httpx.Client] = []

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        client = httpx.Client(trust_env=False, timeout=CLIENT_TIMEOUT_S)
        self._clients.append(client)
        context = make_context(client)
        return heard(lambda: self._watched(context, input_, limit))

    def interrupt(self) -> None:
        """Its next call tells it; one that makes none is struck at its deadline."""

    cancellable = False

    def cancel(self) -> None:
        """Nobody asks for it."""

    def run_on(self, until_s: float) -> None:
        """Nothing but threads can outlive it."""

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _watched(self, context: SagaContext, input_: Json, limit: Callable[[], float]) -> Returned:
        with deadline(limit() - monotonic_s()):
            return read_outcome(marked(self._mark).run(self._saga.function, context, input_))


def marked(mark: Mark) -> contextvars.Context:
    """Surroundings in which calls are the executor's."""
    context = contextvars.copy_context()
    context.run(running.set, mark())
    return context


def heard(step: Callable[[], Returned]) -> Returned:
    """Whatever a saga raises is its result; what ends a run is not the saga's."""
    try:
        return step()
    except (RunOver, TimedOut, Cancelled, SagaHung, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit and CancelledError are findings, too
        return read_failure(error)
