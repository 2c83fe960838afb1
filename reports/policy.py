"""The gate's policy file: TOML, read strictly.

Owns its keys. Refuses a key that it does not know, for a misspelt policy would excuse nothing or
everything without a word.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from harness.errors import ReportError, misplaced, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A violation that is known and excused, up to and including a day."""

    scenario: str
    invariant: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The default asks for a pass and nothing more."""

    allow_inconclusive: bool = False
    waivers: tuple[Waiver, ...] = ()
    max_p99_s: float | None = None
    require_situations: tuple[str, ...] = ()


DEFAULT_POLICY = Policy()

Reader = Callable[[object, str], Any]


def read_policy(path: Path) -> Policy:
    """Raises ReportError with the key and, for an unknown one, the nearest known."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(misplaced(str(path), error.strerror or str(error), "a policy file")) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReportError(misplaced(str(path), str(error), "TOML")) from error
    content.pop("format_version", None)
    _refuse_unknown(content, _KEYS, str(path))
    read: dict[str, Any] = {name: _KEYS[name](value, f"{path}, {name}") for name, value in content.items()}
    return Policy(**read)


def _refuse_unknown(content: Mapping[str, object], known: Mapping[str, Reader], where: str) -> None:
    for name in content:
        if name not in known:
            raise ReportError(misplaced(f"{where}, key", name, nearest(name, known)))


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise ReportError(misplaced(where, value, "true or false"))
    return value


def _seconds(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ReportError(misplaced(where, value, "a number of seconds above 0"))
    return float(value)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ReportError(misplaced(where, value, "a text that is not empty"))
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ReportError(misplaced(where, value, "a list of texts"))
    return tuple(_text(one, f"{where}, entry {number}") for number, one in enumerate(value, start=1))


def _day(value: object, where: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ReportError(misplaced(where, value, 'a day, like "2026-01-31"')) from None


def _waivers(value: object, where: str) -> tuple[Waiver, ...]:
    if not isinstance(value, list):
        raise ReportError(misplaced(where, value, "a list of waivers"))
    return tuple(_waiver(one, f"{where}, waiver {number}") for number, one in enumerate(value, start=1))


def _waiver(value: object, where: str) -> Waiver:
    if not isinstance(value, dict):
        raise ReportError(misplaced(where, value, "scenario, invariant, until and reason"))
    _refuse_unknown(value, _WAIVER_KEYS, where)
    for name in _WAIVER_KEYS:
        if name not in value:
            raise ReportError(misplaced(where, sorted(value), f"a key {name}"))
    read: dict[str, Any] = {
        name: reader(value[name], f"{where}, {name}") for name, reader in _WAIVER_KEYS.items()
    }
    return Waiver(**read)


_WAIVER_KEYS: Mapping[str, Reader] = {"scenario": _text, "invariant": _text, "until": _day, "reason": _text}
_KEYS: Mapping[str, Reader] = {
    "allow_inconclusive": _flag,
    "waivers": _waivers,
    "max_p99_s": _seconds,
    "require_situations": _texts,
}
