"""The event loop on which the async sagas of a world run, one after the other.

A saga's module may keep a client, a lock or a queue: they belong to the loop on which they were first used,
and a process of its owner has one for all its sagas. Owns that loop from run to run. Refuses to run it.
"""

from __future__ import annotations

import asyncio


class KeptLoops:
    """Not thread-safe: a run takes its loops before its executors start, and gives them back at its end."""

    def __init__(self) -> None:
        self._kept: asyncio.AbstractEventLoop | None = None

    def take(self) -> asyncio.AbstractEventLoop:
        """The loop of the runs before; a new one where there is none, or another saga of this run has it."""
        loop, self._kept = self._kept, None
        return asyncio.new_event_loop() if loop is None else loop

    def give_back(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep a loop on which nothing is left, or close it where one is kept already."""
        if self._kept is None:
            self._kept = loop
        else:
            loop.close()

    def close(self) -> None:
        """No run follows."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None
