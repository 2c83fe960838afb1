"""Owns tasks and futures that behave the same in every process.

asyncio's own hash by address, so the order in which a TaskGroup cancels, and in which the
sets of `asyncio.wait` are walked, differs from run to run. These hash by the order of their
creation. Equality stays identity.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any
from weakref import WeakKeyDictionary

from harness.clock.callers import where_it_waits


class SimTask(asyncio.Task[Any]):
    """A task with a number for a hash."""

    __slots__ = ("number",)

    def __init__(self, coro: Any, *, number: int, **options: Any) -> None:
        # Before the base class runs, which puts the task into a set and so hashes it.
        self.number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self.number


class SimFuture(asyncio.Future[Any]):
    """A future with a number for a hash."""

    __slots__ = ("number",)

    def __init__(self, *, loop: asyncio.AbstractEventLoop, number: int) -> None:
        self.number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self.number


class CreationOrder(WeakKeyDictionary[Any, None]):
    """A weak set that is walked in the order of insertion; async generators are closed by it."""

    def add(self, item: Any) -> None:
        self[item] = None

    def discard(self, item: Any) -> None:
        self.pop(item, None)


def described(task: asyncio.Task[Any]) -> str:
    """`saga-task-3 book_hotel at sagas.py:41 in book_hotel`."""
    coroutine: Any = task.get_coro()
    name = getattr(coroutine, "__qualname__", repr(coroutine))
    return f"{task.get_name()} {name} at {where_it_waits(coroutine)}"


# Coroutines that yield again when they are closed cannot be thrown away silently: Python
# reports them when it frees them. They are few, and stay for the life of the process.
_never_freed: list[object] = []


def end_quietly(coroutine: Generator[Any, Any, Any] | Any) -> str | None:
    """Close a suspended coroutine; answer what it complained about in its last lines."""
    try:
        coroutine.close()
    except RuntimeError as error:
        if "ignored GeneratorExit" in str(error):
            _never_freed.append(coroutine)
        return repr(error)
    except BaseException as error:  # noqa: BLE001 - the saga's last words, whatever they are, end here
        return repr(error)
    return None
