"""What went wrong first in a run without faults: where its owner has to look.

Refuses to judge: a saga may be right all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from harness.history import Answer, Call
from harness.views.view import View

LONGEST = 200
"""At most so many characters of the saga's own message."""


def first_trouble(view: View) -> str:
    """A clause; empty where nothing went wrong that can be seen."""
    return next(_troubles(view), "")


def _troubles(view: View) -> Iterator[str]:
    yield from _strangers(view)
    raised = last_raised(view.history.printed)
    if raised:
        yield f"the saga raised {raised}"
    yield from _words(view)
    for call in view.history.calls:
        if call.answer is not Answer.ACKNOWLEDGED:
            came = f"was answered {call.answered.status}" if call.answered is not None else "was not answered"
            yield f"{_request(call)} {came}"


def _strangers(view: View) -> Iterator[str]:
    """Calls of which nobody knows what they are, or whose."""
    for call in view.history.calls:
        if call.sent.operation is None:
            yield f"{_request(call)} is no route that is declared"
    for call in view.history.calls:
        if call.saga_id not in view.history.began.saga_ids:
            yield (
                f"{_request(call)} names the saga {call.saga_id!r}, which is none of this run "
                "([saga.correlation] says where calls name it)"
            )


def _words(view: View) -> Iterator[str]:
    """What is wrong with how the saga ended, else what it says itself."""
    for saga in view.sagas:
        if saga.ended is not None and saga.ended.problem:
            yield saga.ended.problem
    for saga in view.sagas:
        detail = saga.ended.detail if saga.ended is not None else None
        error = detail.get("error") if isinstance(detail, Mapping) else None
        if error:
            yield f"the saga says {str(error)[:LONGEST]!r}"


def last_raised(printed: str) -> str:
    """The last exception whose traceback was printed, with its line (Python, Node, Java); a panic of Go."""
    python = [
        f"{error} ({PurePath(file).name}:{line})"
        for block in printed.split(_TRACEBACK)[1:]
        for error, (file, line) in _of_python(block)
    ]
    others = [f"{one[1]} ({PurePath(one[2]).name}:{one[3]})" for one in _STACK.finditer(printed)]
    panics = [one[1] for one in _PANIC.finditer(printed)]
    return next(iter((*python[-1:], *others[-1:], *panics[-1:])), "")[:LONGEST]


_TRACEBACK = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'^ *File "([^"]+)", line (\d+)', re.MULTILINE)
_LIBRARY = re.compile(r"site-packages|dist-packages|lib/python3|^<")
_STACK = re.compile(
    r"^(?:Exception in thread \S+ |Uncaught )?([\w.$]*(?:Error|Exception)\b[^\n]*)\n"
    r"(?:[ \t]+at [^\n]*\n)*?[ \t]+at [^\n]*?([^\s():]+):(\d+)",
    re.MULTILINE,
)
_PANIC = re.compile(r"^(panic: [^\n]+)", re.MULTILINE)


def _of_python(block: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """The exception at the end of a traceback, and the last line of it that is no library's."""
    error = next((line for line in block.splitlines() if line and not line.startswith(" ")), "")
    frames = [(found[1], found[2]) for found in _FRAME.finditer(block)]
    own = [one for one in frames if not _LIBRARY.search(one[0])]
    if error and frames:
        yield error.strip(), (own or frames)[-1]


def _request(call: Call) -> str:
    return f"{call.sent.method} {call.sent.path} at {call.sent.participant}"
