"""Which key of a TOML document stands on which line.

Owns a scanner that follows the structure of a document and keeps line numbers; `tomllib` gives
the values and no lines. Refuses to judge: it is only ever given what `tomllib` has accepted, so it
may be lax about all that TOML forbids.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
# A multi-line string may end in two quotes of its own, right before the three that close it.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{1,2})?' + r"|'''.*?'''(?:'{1,2})?" + r'|"(?:\\.|[^"\\])*"' + r"|'[^']*'",
    re.DOTALL,
)


def locate(document: str) -> Mapping[KeyPath, int]:
    """Key path to line, counted from 1. Elements of arrays are keyed by their index."""
    return _Scanner(document).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._last_of: dict[KeyPath, int] = {}

    def scan(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._next() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> KeyPath:
        line = self._line()
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        *outer, last = self._key()
        self._at += brackets
        path: KeyPath = (*self._enter(outer), last)
        self._mark(path, line)
        if brackets == 1:
            return path
        index = self._last_of[path] = self._last_of.get(path, -1) + 1
        self._mark((*path, index), line)
        return (*path, index)

    def _enter(self, keys: list[str]) -> KeyPath:
        """Where a header's keys lead: into the newest element of each array of tables on the way."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._last_of:
                path = (*path, self._last_of[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = (*table, *self._key())
        self._mark(path, line)
        self._at += 1  # the equals sign
        self._skip(_SPACES)
        self._value(path)

    def _key(self) -> list[str]:
        parts = [self._key_part()]
        while self._next() == ".":
            self._at += 1
            parts.append(self._key_part())
        return parts

    def _key_part(self) -> str:
        self._skip(_SPACES)
        begin = self._at
        quoted = self._next() in "\"'"
        end = self._skip(_STRING if quoted else _BARE_KEY)
        part = self._text[begin:end]
        self._skip(_SPACES)
        return str(tomllib.loads(f"key = {part}")["key"]) if quoted else part

    def _value(self, path: KeyPath) -> None:
        first = self._next()
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(_STRING if first in "\"'" else _SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._another("]"):
            self._mark((*path, index), self._line())
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._another("}"):
            self._pair(path)

    def _another(self, closing: str) -> bool:
        """Go to the next element, or behind the closing bracket."""
        self._skip(_BLANK)
        if self._next() == ",":
            self._at += 1
            self._skip(_BLANK)
        if self._next() != closing:
            return True
        self._at += 1
        return False

    def _mark(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found is not None else self._at + 1
        return self._at

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)
