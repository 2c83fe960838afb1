"""A TOML document: its values, which key stands on which line, and what is wrong with one that is no TOML.

Owns a scanner that follows the structure of a document and keeps line numbers; `tomllib` gives
the values and no lines. The scanner is only ever given what `tomllib` has accepted, so it may be lax
about all that TOML forbids. Refuses to know which keys there may be, and how a file is named in messages.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]

_AT_LINE = re.compile(r"\s*\(at line (\d+), column (\d+)\)")
_AT_END = re.compile(r"\s*\(at end of document\)")
_ADDS_TO = re.compile(r"\[{0,2}\s*([A-Za-z0-9_-]+)\s*[.\]]")
_LONGEST_FOUND = 100
"""Characters of a line that a message shows."""

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
# A multi-line string may end in two quotes of its own, right before the three that close it.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{1,2})?' + r"|'''.*?'''(?:'{1,2})?" + r'|"(?:\\.|[^"\\])*"' + r"|'[^']*'",
    re.DOTALL,
)


class NotToml(ValueError):  # noqa: N818 - what it is not
    """A document that is no TOML. line, column: from 1, where they are known.

    problem: what the parser says; empty where `expected` says more.
    """

    def __init__(
        self,
        found: object,
        *,
        line: int | None,
        column: int | None = None,
        problem: str = "",
        expected: str = "",
    ) -> None:
        super().__init__(problem or expected)
        self.found = found
        self.line = line
        self.column = column
        self.problem = problem
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The values of a document, and where each of them stands."""

    values: Mapping[str, object]
    lines: Mapping[KeyPath, int]


def read_document(content: bytes) -> Document:
    """The values of a file with their lines. Raises NotToml."""
    text = _text(content)
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise NotToml("nesting too deep", line=None, expected="values that nest less deeply") from None
    except ValueError as error:
        raise _refused(text, error) from None
    return Document(values=values, lines=locate(text))


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, or of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def spelled(path: KeyPath) -> str:
    """A key path for people: `steps #2.action`."""
    text = ""
    for part in path:
        text += f" #{part + 1}" if isinstance(part, int) else f".{part}" if text else part
    return text


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = content[error.start : error.start + 1]
        raise NotToml(found, line=line, expected="text in UTF-8") from None


def _refused(text: str, error: ValueError) -> NotToml:
    lines = text.split("\n")
    said = str(error)
    at = _AT_LINE.search(said)
    if at is not None:
        line = int(at[1])
    elif isinstance(error, tomllib.TOMLDecodeError):
        line = max(1, len(text.rstrip().split("\n")))
    else:
        line = _first_that_raises(lines)
    column = int(at[2]) if at is not None else None
    found = lines[line - 1].strip()
    inline = _inline_above(lines[: line - 1], found) if said.startswith("Cannot") else ""
    if inline:
        return NotToml(found, line=line, column=column, expected=inline)
    problem = _AT_END.sub(" at the end of the file", _AT_LINE.sub("", said))
    return NotToml(_shortened(found), line=line, column=column, problem=problem)


def _first_that_raises(lines: Sequence[str]) -> int:
    """The line of a value that Python refuses, such as a number of 5,000 digits: such errors name none."""
    return 1 + bisect_left(range(1, len(lines)), True, key=lambda count: _raises(lines[:count]))


def _raises(lines: Sequence[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    except ValueError:
        return True
    return False


def _shortened(found: str) -> str:
    return found if len(found) <= _LONGEST_FOUND else f"{found[:_LONGEST_FOUND]}…"


def _inline_above(lines: Sequence[str], found: str) -> str:
    """What to write where a line adds to `name = { … }` or `name = [ … ]`, to which TOML lets nobody add."""
    adds_to = _ADDS_TO.match(found)
    if adds_to is None:
        return ""
    name = adds_to[1]
    for number, line in enumerate(lines, start=1):
        opened = re.match(rf"{re.escape(name)}\s*=\s*([{{\[])", line)
        if opened is not None:
            table = f"[{name}]" if opened[1] == "{" else f"[[{name}]]"
            return (
                f"nothing more of {name}, which line {number} writes inline: TOML lets nobody add to that. "
                f"Write it as {table} with a key a line, or put this inside its brackets"
            )
    return ""


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
