"""Typed reading of one TOML table: a value of the type that was asked for, or a refusal.

Owns the messages for unknown, missing and mistyped keys, each with file, line and key. This is
where the file's untyped values end: what leaves is typed. Refuses to know what a key means.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.source import Source
from harness.saga import Json
from harness.toml_lines import KeyPath, spelled

_Word = TypeVar("_Word", bound=StrEnum)


class _Said(str):
    """Stands in a message as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the file and the path that leads to it."""

    source: Source
    path: KeyPath
    values: Mapping[str, object]

    # Refusing -------------------------------------------------------------------------------

    def where(self, *keys: str | int) -> str:
        """File, line and key of something in this table."""
        return self.source.where((*self.path, *keys))

    def line(self, *keys: str | int) -> int:
        """Its line alone."""
        return self.source.line((*self.path, *keys))

    def wrong(self, key: str, expected: str, *inner: str | int) -> ScenarioError:
        """For a value that is there and is not what it should be."""
        value: object = self.values[key]
        for part in inner:
            value = value[part] if isinstance(value, list | dict) else value  # type: ignore[index]
        return ScenarioError(misplaced(self.where(key, *inner), _shown(value), expected))

    def missing(self, key: str, expected: str) -> ScenarioError:
        """For a key that has to be there."""
        found = _Said(f"no key {spelled((*self.path, key))!r}")
        return ScenarioError(misplaced(self.where(), found, expected))

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Every key has to be one of those known."""
        names = tuple(known)
        for key in self.values:
            if key not in names:
                found = _Said(f"unknown key {key!r}")
                raise ScenarioError(misplaced(self.where(key), found, nearest(key, names)))

    # Single values --------------------------------------------------------------------------

    def has(self, key: str) -> bool:
        """Whether the file sets the key."""
        return key in self.values

    def text(self, key: str, expected: str = "a text", default: str | None = None) -> str:
        """A text that is not empty. Required where there is no default."""
        value = self._value(key, expected, default)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, f"{expected}, not empty" if value == "" else expected)
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def whole(self, key: str, expected: str, default: int) -> int:
        """A whole number."""
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, expected)
        return value

    def seconds(self, key: str, expected: str, *, zero: bool = False) -> float | None:
        """A finite number of seconds above zero, or zero where that has a meaning."""
        if key not in self.values:
            return None
        value = self.values[key]
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise self.wrong(key, expected)
        if value < 0 or (value == 0 and not zero):
            raise self.wrong(key, expected)
        return float(value)

    def word(self, key: str, words: Iterable[_Word], default: _Word) -> _Word:
        """One of a few words."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, nearest("", words))
        return self._one_of(value, tuple(words), key)

    # Several values -------------------------------------------------------------------------

    def texts(self, key: str, expected: str) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        value = self._value(key, expected, None)
        if not isinstance(value, list):
            raise self.wrong(key, expected)
        for index, one in enumerate(value):
            if not isinstance(one, str) or not one:
                raise self.wrong(key, "a text, not empty", index)
        return tuple(value)

    def words(self, key: str, words: Iterable[_Word]) -> tuple[_Word, ...]:
        """A list of words out of a few."""
        known = tuple(words)
        found = self.texts(key, f"a list, each {nearest('', known)}")
        return tuple(self._one_of(one, known, key, index) for index, one in enumerate(found))

    def json(self, key: str, expected: str) -> tuple[Json, ...]:
        """A list of values that JSON can hold."""
        value = self._value(key, expected, None)
        if not isinstance(value, list) or not value:
            raise self.wrong(key, expected)
        return tuple(self._json((key, index), one) for index, one in enumerate(value))

    def any_json(self, key: str, expected: str) -> Json:
        """A value that JSON can hold; it has to be there."""
        return self._json((key,), self._value(key, expected, None))

    def json_object(self, key: str, expected: str) -> dict[str, Json]:
        """A table of values that JSON can hold."""
        value = self._value(key, expected, None)
        if not isinstance(value, dict):
            raise self.wrong(key, expected)
        return {name: self._json((key, name), one) for name, one in value.items()}

    # Tables ---------------------------------------------------------------------------------

    def table(self, key: str, expected: str) -> Table:
        """A table that has to be there."""
        value = self._value(key, expected, None)
        if not isinstance(value, dict):
            raise self.wrong(key, expected)
        return Table(source=self.source, path=(*self.path, key), values=value)

    def table_or_empty(self, key: str) -> Table:
        """A table that may be absent."""
        path = (*self.path, key)
        if key not in self.values:
            return Table(source=self.source, path=path, values={})
        return self.table(key, f"a table, [{spelled(path)}]")

    def tables(self, key: str, expected: str) -> tuple[Table, ...]:
        """An array of tables, at least one."""
        value = self._value(key, expected, None)
        if not isinstance(value, list) or not value:
            raise self.wrong(key, expected)
        for index, one in enumerate(value):
            if not isinstance(one, dict):
                raise self.wrong(key, "a table", index)
        return tuple(
            Table(source=self.source, path=(*self.path, key, index), values=one)
            for index, one in enumerate(value)
        )

    def named(self, expected: str) -> Iterator[tuple[str, Table]]:
        """Every key of this table with the table that it names."""
        for key in self.values:
            yield key, self.table(key, expected)

    # Helpers --------------------------------------------------------------------------------

    def _value(self, key: str, expected: str, default: object) -> object:
        if key in self.values:
            return self.values[key]
        if default is None:
            raise self.missing(key, expected)
        return default

    def _one_of(self, value: str, words: tuple[_Word, ...], key: str, *inner: int) -> _Word:
        for word in words:
            if word == value:
                return word
        raise self.wrong(key, nearest(value, words), *inner)

    def _json(self, keys: tuple[str | int, ...], value: object) -> Json:
        if isinstance(value, list):
            return [self._json((*keys, index), one) for index, one in enumerate(value)]
        if isinstance(value, dict):
            return {name: self._json((*keys, name), one) for name, one in value.items()}
        finite = not isinstance(value, float) or math.isfinite(value)
        if finite and isinstance(value, bool | int | float | str):
            return value
        raise ScenarioError(misplaced(self.where(*keys), _Said(value), "a value that JSON can hold"))


def _shown(value: object) -> object:
    return _Said("a table") if isinstance(value, dict) else value
