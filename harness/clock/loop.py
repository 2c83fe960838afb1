"""Owns the asyncio event loop of virtual time.

A `VirtualLoop` has no file descriptors and no heap of its own: its timers lie in the
scheduler among the events of the world, and where a real loop would wait for I/O this one
pumps the scheduler. Several loops may live on one scheduler: world callbacks run outside of
any loop, so they may start one (`asyncio.run` in a plain function) while another waits. The
inner one holds up the outer one until it ends.

`run_in_executor`, and so `asyncio.to_thread`, calls the function at once, in line, outside of
the loop: a simulated run has one thread. Its answer still arrives one turn of the loop later.

It refuses real I/O (`SimSocketRefused`), other threads (`SimThreadRefused`), and to wait
when nothing is scheduled (`DeadLock`).
"""

# ruff: noqa: SLF001 - asyncio underscores what it offers to implementers of event loops

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextvars import Context
from functools import partial
from threading import get_ident
from typing import Any, TypeVar, TypeVarTuple

from harness.clock.errors import SimThreadRefused, WorldOver
from harness.clock.guards import guard
from harness.clock.last_lines import last_lines, on_a_stack_of_its_own
from harness.clock.pump import Pump, SimTimer, outside_of_loops
from harness.clock.refused_io import refuses_real_io
from harness.clock.scheduler import Scheduler
from harness.clock.tasks import CreationOrder, SimFuture, SimTask, described, end_quietly

_SWEEP_AT = 256
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


@refuses_real_io
class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop whose time is the scheduler's.

    of_the_process: it stands for the one loop that all sagas of a process have.
    """

    _ready: Any
    _stopping: bool
    _closed: bool
    _debug: bool
    _thread_id: int | None
    _task_factory: Any
    _check_closed: Callable[[], None]

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self.scheduler = scheduler
        self.complaints: list[str] = []
        self.of_the_process = False
        self._selector = Pump(self, scheduler)
        self._asyncgens = CreationOrder()
        self._tasks: list[asyncio.Task[Any]] = []
        self._sweep_at = _SWEEP_AT
        self._tasks_made = 0
        self._futures_made = 0
        self._abandoned = False
        self._graveyard: list[object] = []
        scheduler.adopt(self)

    # Time

    def time(self) -> float:
        return self.scheduler.now_s

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self._check_closed()
        timer = SimTimer(when, callback, args, self, context)
        self.scheduler.add(when, timer)
        return timer

    def wake(self, timer: SimTimer) -> None:
        """A timer is due: its callback runs at the next turn."""
        self._ready.append(timer)

    def awake(self) -> bool:
        """Whether there is something to do before time passes."""
        return bool(self._ready) or self._stopping

    # Tasks and futures

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        self._check_closed()
        if self._task_factory is None:
            return self._new_task(coro, loop=self, **options)
        task: asyncio.Task[Any] = super().create_task(coro, **options)
        if options.get("name") is None and isinstance(task, SimTask):
            task.set_name(f"saga-task-{task.number}")
        return task if isinstance(task, SimTask) else self._keep(task)

    def _new_task(self, coro: Any, *, name: object = None, **options: Any) -> SimTask:
        self._tasks_made += 1
        number = self._tasks_made
        named = f"saga-task-{number}" if name is None else str(name)
        task = SimTask(coro, number=number, name=named, **options)
        self._keep(task)
        return task

    def _keep(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        """Hold every task: when a lost one is collected must not depend on the collector."""
        self._tasks.append(task)
        if len(self._tasks) >= self._sweep_at:
            self._tasks = self.unfinished()
            self._sweep_at = max(_SWEEP_AT, 2 * len(self._tasks))
        return task

    def unfinished(self) -> list[asyncio.Task[Any]]:
        """The tasks that are not done, oldest first."""
        return [task for task in self._tasks if not task.done()]

    def has_one_task(self) -> bool:
        """Whether nothing but the task that runs could be next, before time passes."""
        return not self.awake() and len(self.unfinished()) == 1

    def waiting(self) -> tuple[str, ...]:
        """The same, described for a person."""
        return tuple(described(task) for task in self.unfinished())

    def set_task_factory(self, factory: Any) -> None:
        """Keep the numbers when a saga asks for eager tasks."""
        if factory is not None and factory is getattr(asyncio, "eager_task_factory", None):
            create: Any = asyncio.create_eager_task_factory  # type: ignore[attr-defined,unused-ignore]
            factory = create(self._new_task)
        super().set_task_factory(factory)

    def create_future(self) -> asyncio.Future[Any]:
        return SimFuture(loop=self, number=self.next_number())

    def next_number(self) -> int:
        """A hash for a future, in the order of creation."""
        self._futures_made += 1
        return self._futures_made

    # Running

    def run_forever(self) -> None:
        if self._abandoned:
            raise WorldOver("an abandoned loop does not run again")
        super().run_forever()

    def _run_once(self) -> None:
        """One turn, without what asyncio does for its own timers: they lie in the scheduler."""
        if self._debug:
            super()._run_once()  # type: ignore[misc]  # which typeshed does not list
            return
        ready = self._ready
        if not ready and not self._stopping:
            self._selector.select(None)
        elif self.scheduler.anything_due():
            self._selector.select(0)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def drive(self, task: asyncio.Future[Any]) -> bool:
        """Run until the task is done, or the loop was stopped or abandoned; whether it is done."""
        task.add_done_callback(self._stop_driving)
        try:
            self.run_forever()
        finally:
            task.remove_done_callback(self._stop_driving)
        return task.done()

    def _stop_driving(self, _: asyncio.Future[Any]) -> None:
        self.stop()

    def call_soon_threadsafe(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if get_ident() != self.scheduler.thread_id:
            guard.refuse(SimThreadRefused, f"call_soon_threadsafe({callback!r}) from another thread")
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - whoever is named, the one thread does it
        func: Callable[[*_Ts], _T],
        *args: *_Ts,
    ) -> asyncio.Future[_T]:
        """Call the function now; whoever awaits the answer gets it at the next turn."""
        self._check_closed()
        future = self.create_future()
        try:
            with outside_of_loops():
                result = func(*args)
        except StopIteration as error:
            # A future refuses StopIteration, which would end the awaiting coroutine silently.
            self.call_soon(_fail, future, RuntimeError(f"{func!r} raised {error!r}"))
        except Exception as error:  # noqa: BLE001 - handed to the awaiter, as an executor does
            self.call_soon(_fail, future, error)
        else:
            self.call_soon(_succeed, future, result)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Let what ends a world through; asyncio would log it and go on."""
        error = context.get("exception")
        if "handle" in context and isinstance(error, BaseException) and _ends_a_world(error):
            raise error
        super().call_exception_handler(context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep complaints for the report; thousands of runs a minute would flood a log."""
        self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _process_events(self, event_list: object) -> None:
        """There is no I/O whose events could be processed."""

    def _write_to_self(self) -> None:
        """There is no other thread that could sleep in a selector."""

    # The end

    def abandon(self) -> None:
        """Stop dead: none of this loop's tasks runs another line, `finally` included.

        A running loop stops at its next turn; only the task that called this goes on, up to
        its next `await`. Tasks, timers and callbacks are kept, so that nothing is collected
        and thereby closed, until `discard`.
        """
        self._abandoned = True
        self._bury(self._ready)
        self._bury(
            event
            for event in self.scheduler.pending()
            if isinstance(event, SimTimer) and event.belongs_to(self)
        )
        for task in self.unfinished():
            _silence(task)
        if self.is_running():
            self.stop()
        else:
            self._ready.clear()

    def _bury(self, handles: Iterable[Any]) -> None:
        # Not cancel(), which lets go of the callback: its collection could run saga code.
        for handle in handles:
            handle._cancelled = True
            self._graveyard.append(handle)

    def is_closed(self) -> bool:
        return self._closed or self._abandoned

    def close(self) -> None:
        """Close as asyncio does, and end what is left; an abandoned loop waits for `discard`."""
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if not self._abandoned:
            self.discard()

    def discard(self) -> None:
        """Throw everything away, silently, oldest task first.

        Suspended tasks may run their `finally` here: time stands, and all I/O is refused.
        """
        if self._closed or self.is_running():  # on a stack that would not end
            return
        left = self.unfinished()
        self._note_unretrieved()
        super().close()
        if left:
            self._end(left)
        del self._selector  # which refers to this loop: a cycle that only the collector would find
        self._tasks.clear()
        self._graveyard.clear()
        self._ready.clear()

    def _end(self, tasks: list[asyncio.Task[Any]]) -> None:
        with last_lines(self.scheduler):
            for task in tasks:
                _silence(task)
                last_words = on_a_stack_of_its_own(partial(end_quietly, task.get_coro()))
                if last_words is not None:
                    self.complaints.append(f"{task.get_name()} was discarded: {last_words}")

    def _note_unretrieved(self) -> None:
        for task in self._tasks:
            if task.done() and getattr(task, "_log_traceback", False):
                self.complaints.append(f"{task.get_name()} failed unseen: {task.exception()!r}")


def _ends_a_world(error: BaseException) -> bool:
    return not isinstance(error, (Exception, asyncio.CancelledError))


def _silence(task: Any) -> None:
    task._log_destroy_pending = False


def _succeed(future: asyncio.Future[Any], result: object) -> None:
    if not future.cancelled():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.cancelled():
        future.set_exception(error)
