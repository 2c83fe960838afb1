"""One saga.toml as read: its values, and where each of them stands.

Owns the words "file, line, key" that begin every refusal, and the refusal of what is no TOML.
Refuses to know which keys there may be.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ScenarioError, misplaced
from harness.toml_lines import KeyPath, locate

_AT_LINE = re.compile(r"\s*\(at line (\d+), column (\d+)\)")
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
    said = _AT_END.sub(" at the end of the file", _AT_LINE.sub("", error))
    return misplaced(f"{label}, line {line}{column}", lines[line - 1].strip(), f"valid TOML ({said})")
