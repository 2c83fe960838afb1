"""One saga.toml as read: its values, and where each of them stands.

Owns the words "file, line, key" that begin every refusal, and the refusal of what is no TOML.
Refuses to know which keys there may be.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ScenarioError, misplaced
from harness.toml_lines import KeyPath, locate

_AT_LINE = re.compile(r"\s*\(at line (\d+), column (\d+)\)")
_ADDS_TO = re.compile(r"\[{0,2}\s*([A-Za-z0-9_-]+)\s*[.\]]")
_AT_END = re.compile(r"\s*\(at end of document\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`label` is the path as the user wrote it; `folder` what relative paths in it start from."""

    label: str
    folder: Path
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Of the key, or of the nearest table around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def where(self, path: KeyPath) -> str:
        """`saga.toml, line 7, saga.adapter`."""
        place = f"{self.label}, line {self.line(path)}"
        return f"{place}, {spelled(path)}" if path else place


def spelled(path: KeyPath) -> str:
    """A key path for people: `steps #2.action`."""
    text = ""
    for part in path:
        text += f" #{part + 1}" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_toml(label: str, path: Path) -> tuple[Source, Mapping[str, object]]:
    """The values of a file with their places. Raises ScenarioError where it is missing or no TOML."""
    text = _text(label, path)
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise ScenarioError(misplaced(label, "nesting too deep", "a TOML file")) from None
    except ValueError as error:
        raise ScenarioError(_syntax(label, text, str(error))) from None
    return Source(label=label, folder=path.parent, lines=locate(text)), values


def _text(label: str, path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ScenarioError(misplaced(label, "no file", f"a saga.toml, at {path}")) from None
    except OSError as error:
        raise ScenarioError(misplaced(label, error.strerror, "a file that can be read")) from None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = content[error.start : error.start + 1]
        raise ScenarioError(misplaced(f"{label}, line {line}", found, "text in UTF-8")) from None


def _syntax(label: str, text: str, error: str) -> str:
    lines = text.split("\n")
    at = _AT_LINE.search(error)
    line = int(at[1]) if at is not None else len(text.rstrip().split("\n"))
    column = f", column {at[2]}" if at is not None else ""
    where, found = f"{label}, line {line}{column}", lines[line - 1].strip()
    inline = _inline_above(lines[: line - 1], found) if error.startswith("Cannot") else None
    if inline is not None:
        return misplaced(where, found, inline)
    said = _AT_END.sub(" at the end of the file", _AT_LINE.sub("", error))
    return misplaced(where, found, f"valid TOML ({said})")


def _inline_above(lines: Sequence[str], found: str) -> str | None:
    """What to write where a line adds to `name = { … }` or `name = [ … ]`, to which TOML lets nobody add."""
    adds_to = _ADDS_TO.match(found)
    if adds_to is None:
        return None
    name = adds_to[1]
    for number, line in enumerate(lines, start=1):
        opened = re.match(rf"{re.escape(name)}\s*=\s*([{{\[])", line)
        if opened is not None:
            table = f"[{name}]" if opened[1] == "{" else f"[[{name}]]"
            return (
                f"nothing more of {name}, which line {number} writes inline: TOML lets nobody add to that. "
                f"Write it as {table} with a key a line, or put this inside its brackets"
            )
    return None
