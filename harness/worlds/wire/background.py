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
