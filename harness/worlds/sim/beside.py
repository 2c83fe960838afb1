"""Plain handlers in virtual time: each has a stack of its own beside the loop of its executor.

Refuses to decide whose turn it is (`greenlets`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from harness.clock import DeadLock, Scheduler
from harness.clock.active import Process
from harness.worlds.sim.executors import Executor
from harness.worlds.sim.greenlets import Greenlets, Member, RunOver

_T = TypeVar("_T")


class SimBeside:
    """Of one executor. See `harness.adapter.beside.Beside`."""

    def __init__(
        self, executor: Executor, greenlets: Greenlets, scheduler: Scheduler, process: Process
    ) -> None:
        self._executor = executor
        self._greenlets = greenlets
        self._scheduler = scheduler
        self._process = process

    async def call(self, function: Callable[[], object]) -> object:
        came: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        def body() -> tuple[object, BaseException | None]:
            try:
                return function(), None
            except (Exception, SystemExit, RunOver, DeadLock) as error:  # noqa: BLE001 - raised by whoever waits
                return None, error

        def ended(came_to: tuple[object, BaseException | None] | None) -> None:
            self._executor.beside = [one for one in self._executor.beside if one is not member]
            if came_to is None or came.done() or isinstance(came_to[1], RunOver):
                return  # the run is over, or nobody waits
            if came_to[1] is not None:
                came.set_exception(came_to[1])
            else:
                came.set_result(came_to[0])

        member = Member(self._executor.number, body, ended, self._process, beside=True)
        self._executor.beside.append(member)
        self._greenlets.add(member)
        return await came

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        loop = self._executor.loop
        assert loop is not None, "only what was called waits"
        task = loop.create_task(coroutine)
        self._scheduler.wait(math.inf, task.done)
        if not task.done():
            raise DeadLock(loop.waiting(), self._scheduler.now_s)
        result: _T = task.result()
        return result
