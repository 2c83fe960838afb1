"""The two threads behind a wire world: one event loop for all servers, one for the proxy's API.

Owns starting and ending them. The API has a thread of its own because its client blocks, and just
one because it keeps one connection. Refuses to know what runs there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

PREFIX = "saga-chaos-wire"
"""What the names of our threads begin with, so that nobody takes them for a saga's."""

STOP_LIMIT_S = 5.0


class Background:
    """Both threads, from `start` to `stop`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._api = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{PREFIX}-proxy")
        self._thread = threading.Thread(target=self._serve, name=f"{PREFIX}-server", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start both; the API's thread too, so that it is older than any run."""
        self._thread.start()
        self._api.submit(int).result()

    def stop(self) -> None:
        """Cancel what still runs there, and wait for both threads."""
        if self._thread.is_alive():
            self.call(self._cancel_all())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(STOP_LIMIT_S)
        self._api.shutdown(wait=True, cancel_futures=True)
        if not self._thread.is_alive():
            self.loop.close()

    def begin(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Start a coroutine on the servers' loop, from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, work: Coroutine[object, object, T]) -> T:
        """Run a coroutine on the servers' loop and wait for it, from any other thread."""
        return self.begin(work).result()

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Start a coroutine from the servers' loop itself."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> BackgroundTimer:
        """Call it on the servers' loop after so many seconds; from any thread."""
        return BackgroundTimer(self.loop, delay_s, callback)

    async def api(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the proxy server something, from the servers' loop."""
        return await self.loop.run_in_executor(self._api, lambda: ask(*args, **kwargs))

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _cancel_all(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class BackgroundTimer:
    """Calls back once, on the servers' loop, which a timer that another thread sets there would not wake."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, delay_s: float, callback: Callable[[], object]
    ) -> None:
        self._loop = loop
        self._callback: Callable[[], object] | None = callback
        self._handle: asyncio.TimerHandle | None = None
        if _runs_here(loop):
            self._handle = loop.call_later(delay_s, self._due)
        else:
            loop.call_soon_threadsafe(self._start, loop.time() + delay_s)

    def cancel(self) -> None:
        """It does not call back; from any thread."""
        self._callback = None
        if self._handle is not None and _runs_here(self._loop):
            self._handle.cancel()

    def _start(self, when_s: float) -> None:
        if self._callback is not None:
            self._handle = self._loop.call_at(when_s, self._due)

    def _due(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
