"""A function, called in this process: a coroutine on a loop of its own, or a plain function.

Owns the saga's event loop from the first executor to the end of the run, so that tasks which outlive
the return run on, and cancelling, the one blow that needs no process. A plan with another one is
handed to `hosted`.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol, cast

import httpx

from harness.adapter import CallableSaga, Returned, SagaAdapter, SagaContext, read_outcome
from harness.adapter.host import CLIENT_TIMEOUT_S
from harness.adapter.outcome import read_failure
from harness.blows import Blow
from harness.clock.errors import SagaHung
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import UsageError
from harness.plan import FaultPlan
from harness.saga import Json
from harness.worlds.wire.deadline import deadline
from harness.worlds.wire.executors.stage import Executors, Stage
from harness.worlds.wire.hook import running
from harness.worlds.wire.leftovers import Threads
from harness.worlds.wire.traffic import RunOver

HANG_MARGIN_S = 0.5
QUIET_POLL_S = 0.002
CANCEL_LIMIT_S = 1.0

MakeContext = Callable[[httpx.AsyncClient | httpx.Client], SagaContext]


_abandoned: list[asyncio.AbstractEventLoop] = []
"""Loops whose tasks would not end: kept, for a task that is collected makes its coroutine run again."""

Mark = Callable[[], tuple[int, int]]
"""Tells the run and the executor that the code about to run belongs to."""


class TimedOut(Exception):  # noqa: N818 - named for what is so
    """The saga did not come back in time."""


class Cancelled(Exception):  # noqa: N818 - named for what is so
    """The saga was cancelled, and let the cancellation through."""


def make(saga: SagaAdapter, stage: Stage, plan: FaultPlan) -> Executors:
    """In this process."""
    del plan
    assert isinstance(saga, CallableSaga)
    _refuse_a_running_loop(stage)
    return InProcess(saga, stage)


class InProcess:
    """One executor after the other."""

    def __init__(self, saga: CallableSaga, stage: Stage) -> None:
        self._stage = stage
        traffic = stage.traffic
        self._threads = Threads()
        self._calls = _calls_for(saga, lambda: (traffic.number, traffic.executor))
        traffic.deal = self._deal

    def to_their_end(self, *, resumed: bool) -> Returned:
        executor = self._stage.began(resumed=resumed)
        returned, timed_out, cancelled = Returned(), False, False
        try:
            returned, timed_out = self._outcome(resumed=resumed)
        except Cancelled:
            cancelled = True
        self._stage.ended(executor, returned, timed_out=timed_out, cancelled=cancelled)
        return returned

    def interrupt(self) -> None:
        self._calls.interrupt()

    def run_on(self, until_s: float) -> None:
        self._calls.run_on(until_s)
        while self._threads.left() and monotonic_s() < until_s and self._stage.traffic.over is None:
            sleep_s(QUIET_POLL_S)

    def left(self) -> list[str]:
        return [f"thread {name}" for name in self._threads.left()]

    def close(self) -> None:
        self._calls.close()

    def _outcome(self, *, resumed: bool) -> tuple[Returned, bool]:
        stage = self._stage
        try:
            returned = self._calls.call(
                lambda client: self._context(client, resumed=resumed), stage.input, stage.deadline_s
            )
        except (TimedOut, SagaHung) as end:
            where = f"; it was at {end.where}" if isinstance(end, SagaHung) else ""
            return Returned(problem=stage.late + where), True
        except RunOver as over:
            return Returned(problem=str(over)), True
        if stage.traffic.over is not None:  # a saga that swallowed its end has ended all the same
            return Returned(problem=stage.traffic.over), True
        if not stage.in_time():
            return Returned(problem=stage.late), True
        return returned, False

    def _context(self, client: httpx.AsyncClient | httpx.Client, *, resumed: bool) -> SagaContext:
        stage = self._stage
        return SagaContext(
            saga_id=stage.saga_id,
            urls=stage.urls(1),
            client=client,
            resumed=resumed,
            make_store=lambda: stage.store_dir,
        )

    def _deal(self, executor: int, blow: Blow) -> bool:
        return blow is Blow.CANCEL and executor == self._stage.traffic.executor and self._calls.cancel()


class Calls(Protocol):
    """Calls the function."""

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        """To its end. `limit` tells when its time is up."""

    def interrupt(self) -> None:
        """From any thread: it has to end."""

    def cancel(self) -> bool:
        """From any thread: cancel it as its caller would, once; whether that can be done."""

    def run_on(self, until_s: float) -> None:
        """Let what outlived the return go on."""

    def close(self) -> None:
        """End what is left."""


def _calls_for(saga: CallableSaga, mark: Mark) -> Calls:
    return AsyncCalls(saga, mark) if saga.asynchronous else PlainCalls(saga, mark)


class AsyncCalls:
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
        self._cancelled = False

    def call(self, make_context: MakeContext, input_: Json, limit: Callable[[], float]) -> Returned:
        client = httpx.AsyncClient(trust_env=False, timeout=CLIENT_TIMEOUT_S)
        self._clients.append(client)
        self._cancelled = False
        saga = cast("Coroutine[Any, Any, object]", self._saga.function(make_context(client), input_))
        return _heard(lambda: self._drive(saga, limit))

    def interrupt(self) -> None:
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def cancel(self) -> bool:
        if self._task is None or self._task.done() or self._cancelled:
            return False
        self._cancelled = True
        self.interrupt()
        return True

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
        return _heard(lambda: self._watched(context, input_, limit))

    def interrupt(self) -> None:
        """Its next call tells it; one that makes none is struck at its deadline."""

    def cancel(self) -> bool:
        return False

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
    except (RunOver, TimedOut, Cancelled, SagaHung, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit and CancelledError are findings, too
        return read_failure(error)


def _refuse_a_running_loop(stage: Stage) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        f"scenario {stage.scenario.name!r}: found a running event loop on this thread, expected none: a wire "
        "run waits in real time and would block it"
    )
