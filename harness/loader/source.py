"""One saga.toml as read: its values, and where each of them stands.

Owns the words "file, line, key" that begin every refusal, and the refusal of what is no TOML.
Refuses to know which keys there may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ScenarioError, meant_path, misplaced
from harness.toml_lines import KeyPath, NotToml, line_of, read_document, spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`label` is the path as the user wrote it; `folder` what relative paths in it start from."""

    label: str
    folder: Path
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Of the key, or of the nearest table around it."""
        return line_of(self.lines, path)

    def where(self, path: KeyPath) -> str:
        """`saga.toml, line 7, saga.adapter`."""
        place = f"{self.label}, line {self.line(path)}"
        return f"{place}, {spelled(path)}" if path else place


def read_toml(label: str, path: Path) -> tuple[Source, Mapping[str, object]]:
    """The values of a file with their places. Raises ScenarioError where it is missing or no TOML."""
    try:
        document = read_document(path.read_bytes())
    except FileNotFoundError:
        raise ScenarioError(
            misplaced(label, "no file", f"a saga.toml, at {path}{meant_path(label)}")
        ) from None
    except OSError as error:
        raise ScenarioError(misplaced(label, error.strerror, "a file that can be read")) from None
    except NotToml as error:
        where = label if error.line is None else f"{label}, line {error.line}"
        where = where if error.column is None else f"{where}, column {error.column}"
        expected = error.expected or f"valid TOML ({error.problem})"
        raise ScenarioError(misplaced(where, error.found, expected)) from None
    return Source(label=label, folder=path.parent, lines=document.lines), document.values
