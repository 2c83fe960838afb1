"""Keeps secrets out of what is recorded of a saga's own words, and of its requests and answers.

Owns what counts as one: the values of environment variables, of this process and of a `saga.toml`, whose
names say so; credentials in URLs and authorization headers; values of fields and settings whose names say so.
Refuses to change what decides anything: statuses, keys, numbers and short words stay as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

import msgspec

from harness.adapter.outcome import Returned
from harness.saga import Json

HIDDEN = "***"
_SHORTEST = 6
"""Characters; a shorter value would take half of all words with it."""

_NAMES = r"password|passwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key"
_SECRET_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie"))
_SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)
_PATTERNS = (
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)"), rf"\1{HIDDEN}"),
    (re.compile(r"\b((?:bearer|basic)\s+)[\w.~+/-]{6,}=*", re.IGNORECASE), rf"\1{HIDDEN}"),
    (
        re.compile(
            rf"([\w-]*(?:{_NAMES})[\w-]*[\"']?\s*(?:=|[\"']:)\s*[\"']?)[^\s\"',;&}}]{{6,}}", re.IGNORECASE
        ),
        rf"\1{HIDDEN}",
    ),
)
_HINT = re.compile(rf"://|bearer\s|basic\s|{_NAMES}", re.IGNORECASE)
"""No pattern fits a text without one of these."""

_kept: dict[str, None] = {}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Returned).decode


def keep_secret(env: Mapping[str, str]) -> None:
    """What a saga is given by its `saga.toml`: values under names that say so are hidden from now on."""
    _kept.update(dict.fromkeys(_values(env)))


def redacted(returned: Returned) -> Returned:
    """The same without secrets; the very same where there are none."""
    if _known_to_be_clean(returned):
        return returned
    problem = _text(returned.problem) if returned.problem is not None else None
    detail = _json(returned.detail)
    if problem == returned.problem and detail == returned.detail:
        return returned
    return msgspec.structs.replace(returned, problem=problem, detail=detail)


def _known_to_be_clean(returned: Returned) -> bool:
    try:
        encoded = _encode(returned)
    except (TypeError, ValueError, OverflowError):  # what is no JSON in UTF-8 is looked at as it is
        return False
    return _is_clean(encoded, _secrets())


@lru_cache(maxsize=4096)
def _is_clean(encoded: bytes, secrets: tuple[str, ...]) -> bool:
    """Whether nothing is to be hidden: the runs of a saga end in the same few ways, word for word."""
    del secrets  # what was found clean need not be so once more of them are known
    returned = _decode(encoded)
    problem = _text(returned.problem) if returned.problem is not None else None
    return problem == returned.problem and _json(returned.detail) == returned.detail


class Redaction:
    """What requests and answers held, without secrets.

    names: of headers, parameters and fields, or paths a.b of fields in a body, that are hidden beside those
    whose names say so; case does not count. values: what was hidden by its name as yet.
    """

    hidden = HIDDEN

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._known: dict[str, bool] = {}
        self.values: dict[str, None] = {}

    def header(self, name: str, value: str) -> str:
        """The value of a header."""
        if name.lower() in _SECRET_HEADERS:
            self._note(value.rpartition(" ")[2])
            return self._note(value)
        return self.named(name, value)

    def named(self, name: str, value: str) -> str:
        """The value of a parameter."""
        return self._note(value) if self.hides(name) else _text(value)

    def text(self, text: str) -> str:
        """A body that is no JSON."""
        return _text(text)

    def json(self, value: Json, path: tuple[str, ...] = ()) -> Json:
        """A body, or what is in it at a path. What is hidden is hidden whatever its type."""
        if path and self.hides(path[-1], ".".join(path)):
            return self._note(value)
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, dict):
            return {_text(name): self.json(one, (*path, name)) for name, one in value.items()}
        if isinstance(value, list):
            return [self.json(one, path) for one in value]
        return value

    def hides(self, name: str, path: str = "") -> bool:
        """Whether what is called so is hidden. path: where it stands in a body."""
        return (bool(self._names) and path.lower() in self._names) or self._is_secret(name)

    def _note(self, value: Json) -> str:
        """What was hidden by its name stays hidden where it stands under no name."""
        if isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                self._note(one)
        elif value is not None and not isinstance(value, bool):
            self.values[str(value)] = None
        return HIDDEN

    def _is_secret(self, name: str) -> bool:
        known = self._known.get(name)
        if known is None:
            known = name.lower() in self._names or _SECRET_NAME.search(name) is not None
            self._known[name] = known
        return known


def _json(value: Json, name: str = "") -> Json:
    if isinstance(value, str):
        return HIDDEN if len(value) >= _SHORTEST and _names_a_secret(name) else _text(value)
    if isinstance(value, dict):
        return {_text(key): _json(one, key) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json(one, name) for one in value]
    return value


@lru_cache(maxsize=4096)
def _names_a_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _text(text: str) -> str:
    for value in _secrets():
        if value in text:
            text = text.replace(value, HIDDEN)
    return _by_patterns(text)


def _secrets() -> tuple[str, ...]:
    return (*_kept, *_of_process()) if _kept else _of_process()


@lru_cache(maxsize=4096)
def _by_patterns(text: str) -> str:
    """Kept, because the runs of a saga say the same few things."""
    if _HINT.search(text) is None:
        return text
    for pattern, hidden in _PATTERNS:
        text = pattern.sub(hidden, text)
    return text


@cache
def _of_process() -> tuple[str, ...]:
    return _values(os.environ)


def _values(env: Mapping[str, str]) -> tuple[str, ...]:
    """Longer ones first: one may be part of another."""
    found = {value for name, value in env.items() if _SECRET_NAME.search(name) and len(value) >= _SHORTEST}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))
