"""The gate's policy file: TOML, read strictly.

Owns its keys and the messages about them, each with file and line. Refuses a key that it does not
know, for a misspelt policy would excuse nothing or everything without a word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from harness.errors import ReportError, misplaced, nearest
from harness.toml_lines import Document, KeyPath, NotToml, line_of, read_document, spelled
from reports.policy import Policy, Waiver

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A value of the file: where it stands, and which folder relative paths start from."""

    file: Path
    lines: Mapping[KeyPath, int]
    path: KeyPath

    def inner(self, *keys: str | int) -> _Place:
        return _Place(file=self.file, lines=self.lines, path=(*self.path, *keys))

    def __str__(self) -> str:
        """`chaos.toml:7, waivers #2.until`."""
        place = f"{self.file}:{line_of(self.lines, self.path)}"
        return f"{place}, {spelled(self.path)}" if self.path else place

    def wrong(self, found: object, expected: str) -> ReportError:
        return ReportError(misplaced(str(self), found, expected))


_Reader = Callable[[Any, _Place], Any]


def read_policy(path: Path) -> Policy:
    """Raises ReportError with file, line, key, what was found and what was expected."""
    document = _document(path)
    content = dict(document.values)
    place = _Place(file=path, lines=document.lines, path=())
    version = content.pop("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise place.inner("format_version").wrong(version, str(FORMAT_VERSION))
    read = _read(content, _KEYS, place)
    for name, needed in _NEEDS.items():
        if name in read and read.get(needed) in (None, False):
            raise place.inner(name).wrong(f"{name} without {needed}", f"a key {needed} too, or no {name}")
    return Policy(**read)


def _document(path: Path) -> Document:
    try:
        return read_document(path.read_bytes())
    except OSError as error:
        raise ReportError(misplaced(str(path), error.strerror or str(error), "a policy file")) from error
    except NotToml as error:
        expected = f"TOML: {error.expected}" if error.expected else f"TOML ({error.problem})"
        raise ReportError(misplaced(f"{path}:{error.line or 1}", error.found, expected)) from None


def _read(content: Mapping[str, Any], readers: Mapping[str, _Reader], place: _Place) -> dict[str, Any]:
    for name in content:
        if name not in readers:
            raise ReportError(misplaced(f"{place.inner(name)}, key", name, nearest(name, readers)))
    return {name: readers[name](value, place.inner(name)) for name, value in content.items()}


def _flag(value: object, place: _Place) -> bool:
    if not isinstance(value, bool):
        raise place.wrong(value, "true or false")
    return value


def _number(value: object, place: _Place, expected: str, fits: Callable[[float], bool]) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not fits(value):  # type: ignore[arg-type]
        raise place.wrong(value, expected)
    return float(value)  # type: ignore[arg-type]


def _seconds(value: object, place: _Place) -> float:
    return _number(value, place, "a number of seconds above 0", lambda one: one > 0)


def _share(value: object, place: _Place) -> float:
    return _number(value, place, "a share between 0 and 1, like 0.9", lambda one: 0 <= one <= 1)


def _ratio(value: object, place: _Place) -> float:
    expected = "how many times as long it may take, 1 or more, like 1.1"
    return _number(value, place, expected, lambda one: one >= 1)


def _text(value: object, place: _Place) -> str:
    if not isinstance(value, str) or not value.strip():
        raise place.wrong(value, "a text that is not empty")
    return value


def _texts(value: object, place: _Place) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise place.wrong(value, "a list of texts")
    return tuple(_text(one, place.inner(index)) for index, one in enumerate(value))


def _path(value: object, place: _Place) -> Path:
    """Relative to the folder of the policy file, as in a saga.toml."""
    return place.file.parent / _text(value, place)


def _paths(value: object, place: _Place) -> tuple[Path, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(place.file.parent / one for one in _texts(listed, place))


def _day(value: object, place: _Place) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise place.wrong(value, 'a day, like "2026-01-31"') from None


def _waivers(value: object, place: _Place) -> tuple[Waiver, ...]:
    if not isinstance(value, list):
        raise place.wrong(value, "a list of waivers, [[waivers]]")
    return tuple(_waiver(one, place.inner(index)) for index, one in enumerate(value))


def _waiver(value: object, place: _Place) -> Waiver:
    if not isinstance(value, dict):
        raise place.wrong(value, _listed(_WAIVER_KEYS))
    read = _read(value, _WAIVER_KEYS, place)
    for name in _WAIVER_KEYS:
        if name not in read:
            raise place.wrong(_listed(value) or "no keys", f"a key {name}")
    return Waiver(**read, where=str(place))


def _listed(names: Iterable[str]) -> str:
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last


_WAIVER_KEYS: Mapping[str, _Reader] = {
    "scenario": _text,
    "invariant": _text,
    "owner": _text,
    "until": _day,
    "reason": _text,
}
_KEYS: Mapping[str, _Reader] = {
    "allow_inconclusive": _flag,
    "new_only": _flag,
    "earlier": _path,
    "waivers": _waivers,
    "require_scenarios": _texts,
    "require_invariants": _texts,
    "require_situations": _texts,
    "require_faults": _texts,
    "min_mutation_score": _share,
    "mutants": _paths,
    "max_p95_s": _seconds,
    "max_p99_s": _seconds,
    "baseline": _path,
    "max_slowdown": _ratio,
}
_NEEDS = {"max_slowdown": "baseline", "earlier": "new_only", "mutants": "min_mutation_score"}
"""What would do nothing without another key: whoever wrote it believes that something is asked for."""
assert set(_KEYS) == {one.name for one in fields(Policy)}
