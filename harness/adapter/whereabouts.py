"""Where a saga stands: the lines of its own code, for a saga that raised and for one that never came back.

Owns telling a user's files from ours, from installed libraries and from Python's. Names a file and not its
folder, so that a history is the same wherever the saga lies.
"""

from __future__ import annotations

import asyncio
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from traceback import walk_tb
from types import CodeType, FrameType
from typing import Any

_NOT_THEIRS = (Path(__file__).parents[1], Path(sysconfig.get_path("stdlib")))

_Line = tuple[CodeType, int]


def raised_at(error: BaseException) -> str:
    """`sagas.py:12`: the innermost line of the user's that an exception came through; empty: none."""
    return _innermost((frame.f_code, line) for frame, line in walk_tb(error.__traceback__))


def waits_at(end: BaseException | None, tasks: Iterable[asyncio.Task[Any]] = ()) -> str:
    """`it waits at sagas.py:12`, and where its other tasks do; empty where no line of the user's is known.

    end: what ended it where it waits. tasks: of its loop, the first one is the saga's own.
    """
    places = [raised_at(end)] if end is not None else []
    places += [_innermost(_awaits(task.get_coro())) for task in tasks if not task.done()]
    first, *others = [*dict.fromkeys(place for place in places if place)] or [""]
    if not first:
        return ""
    return f"it waits at {first}" + (
        f", and its other tasks at {', '.join(sorted(others))}" if others else ""
    )


def stands_at(task: asyncio.Task[Any] | None, frame: FrameType | None) -> str:
    """`sagas.py:12`: where a task waits, else a stack stands, by its innermost frame; empty: unknown."""
    if task is not None and not task.done():
        return _innermost(_awaits(task.get_coro()))
    lines = []
    while frame is not None:
        lines.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return _innermost(reversed(lines))


def _awaits(coroutine: Any) -> Iterator[_Line]:
    """Outermost first."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            yield frame.f_code, frame.f_lineno
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def _innermost(lines: Iterable[_Line]) -> str:
    found = ""
    for code, line in lines:
        file = Path(code.co_filename)
        theirs = file.is_absolute() and "site-packages" not in file.parts
        if theirs and not any(file.is_relative_to(one) for one in _NOT_THEIRS):
            found = f"{file.name}:{line}"
    return found
