"""Owns the answer to "whose line was that?": where user code stands in a stack.

Own code comes before installed libraries, and those before the standard library, which
is never named: `socket.py:833` tells nobody what to change.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Coroutine, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

OWN, LIBRARY, MACHINERY = 0, 1, 2

_MACHINERY_ROOTS = tuple(
    str(Path(path).resolve())
    for path in (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), Path(__file__).parents[1])
)


@lru_cache(maxsize=4096)
def rank(filename: str) -> int:
    """How little a file says about whose doing it was."""
    if filename.startswith("<frozen"):
        return MACHINERY
    if "site-packages" in filename or "dist-packages" in filename:
        return LIBRARY
    return MACHINERY if str(Path(filename).resolve()).startswith(_MACHINERY_ROOTS) else OWN


def caller() -> str:
    """The innermost line of user code that led here."""
    return whose(sys._getframe(1))  # noqa: SLF001 - inspect.stack() reads source files, milliseconds each


def whose(frame: FrameType | None) -> str:
    """`file:line in function` of the innermost line of user code in a stack."""
    return _best((each.f_code, each.f_lineno) for each in _outward(frame))


def where_it_waits(coroutine: Coroutine[Any, Any, Any]) -> str:
    """`file:line` of the innermost user line at which a suspended coroutine waits."""
    lines = list(_awaits(coroutine))
    return _best(reversed(lines)) if lines else "not started or already over"


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _awaits(coroutine: Any) -> Iterator[tuple[CodeType, int]]:
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            yield frame.f_code, frame.f_lineno
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def _best(lines: Iterable[tuple[CodeType, int]]) -> str:
    found = min(lines, key=lambda line: rank(line[0].co_filename), default=None)
    if found is None:
        return "an unknown place"
    code, lineno = found
    return f"{code.co_filename}:{lineno} in {code.co_qualname}"
