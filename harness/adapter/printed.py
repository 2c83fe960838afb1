"""What a saga prints while it runs: kept for each run, bounded, without secrets, shown with its findings.

Owns the text since it was last taken. In a worker process `catch_output` takes the place of the two streams,
so that thousands of runs do not flood the screen; elsewhere a saga prints where it always did. Refuses to
know which run it belongs to: one run is on at a time in a process, and whoever ran it takes the text.
"""

from __future__ import annotations

import io
import sys
import threading

from harness.adapter.redaction import Redaction

LONGEST = 8_000
"""Characters that are kept of a run; what comes after them is counted."""


class _Text:
    """The beginning of what was printed. Threads of a saga print too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: list[str] = []
        self._room = LONGEST
        self._more = 0

    def add(self, text: str) -> None:
        with self._lock:
            kept = text[: self._room]
            if kept:
                self._parts.append(kept)
                self._room -= len(kept)
            self._more += len(text) - len(kept)

    def take(self) -> str:
        if not self._parts:
            return ""
        with self._lock:
            text, more = "".join(self._parts), self._more
            self._parts, self._room, self._more = [], LONGEST, 0
        # Half a surrogate pair can be printed and not be written to a file.
        text = text.encode("utf-8", "backslashreplace").decode()
        return f"{text}\n({more:,} characters more)" if more else text


class _Stream(io.TextIOBase):
    """In place of `sys.stdout` and `sys.stderr`."""

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        _text.add(text)
        return len(text)


_text = _Text()


def catch_output() -> None:
    """From now on what this process prints is kept and not shown."""
    sys.stdout = sys.stderr = _Stream()


def printed_elsewhere(text: str) -> None:
    """What a process of the saga's own has printed."""
    _text.add(text)


def take_printed() -> str:
    """What was printed since this was last asked."""
    text = _text.take()
    return Redaction().text(text) if text else ""
