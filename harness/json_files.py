"""JSON files that are read back: strictly, and written whole or not at all.

Owns the atomic write and the translation of the codec's complaints into our own sentences.
Refuses to know any format (`harness.report_model`, `reports.gate`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from harness.errors import EnvironmentFault, ReportError, meant_path, misplaced, nearest
from harness.saga import Json

_Read = TypeVar("_Read", bound=msgspec.Struct)

_PLAIN = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
}


def write_whole(path: Path, content: bytes) -> None:
    """Write beside it, then rename: a reader sees the old file or the new one, never half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise EnvironmentFault(
            f"{path.parent}: cannot write {path.name} ({error.strerror or error}), "
            "expected a folder that can be written to, with space left; choose one with --out"
        ) from error


def pretty(content: object) -> bytes:
    """JSON for people, two spaces an indent."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def json_object(path: Path, format_version: int) -> dict[str, Json]:
    """The object in a file. Raises ReportError where it is none, or of another version."""
    try:
        content = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise ReportError(
            misplaced(str(path), error.strerror or str(error), f"a file to read{meant_path(path)}")
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(misplaced(str(path), str(error), "JSON as saga-chaos writes it")) from error
    if not isinstance(content, dict):
        raise ReportError(misplaced(str(path), content, "a JSON object"))
    if content.get("format_version") != format_version:
        found = content.get("format_version")
        raise ReportError(misplaced(f"{path}, format_version", found, str(format_version)))
    return content


def converted(content: Mapping[str, Json], type_: type[_Read], path: Path) -> _Read:
    """As that type. Raises ReportError with the place, what stands there and what should."""
    try:
        return msgspec.convert(content, type_)
    except msgspec.ValidationError as error:
        place, found, expected = _explained(str(error), content, type_)
        raise ReportError(misplaced(f"{path}{place}", found, expected)) from error


def _explained(message: str, content: Json, type_: object) -> tuple[str, Json, str]:
    """(place, what stands there, what should) from msgspec's sentence."""
    what, _, where = message.partition(" - at ")
    place = where.strip("`").removeprefix("$").removeprefix(".")
    shown = f", {place}" if place else ""
    missing = re.search(r"missing required field `(\w+)`", what)
    if missing:
        return shown, f"no key {missing[1]}", f"a key {missing[1]}"
    unknown = re.search(r"unknown field `(\w+)`", what)
    if unknown:
        return shown, unknown[1], nearest(unknown[1], get_type_hints(_type_at(place, type_)))
    found = _standing(place, content)
    return shown, found, _expected(what, str(found), _type_at(place, type_))


def _expected(what: str, found: str, type_: Any) -> str:
    if isinstance(type_, type) and issubclass(type_, Enum):
        return nearest(found, (str(one.value) for one in type_))
    if get_origin(type_) is Literal:
        return nearest(found, get_args(type_))
    named = re.search(r"Expected `([^`]+)`", what)
    words = named[1].split(" | ") if named else [what]
    return " or ".join(_PLAIN.get(word, word) for word in words)


def _type_at(place: str, type_: Any) -> Any:
    """What the type says about a place such as `scenarios[0].invariants[2].verdict`."""
    for name, index in re.findall(r"(\w+)|(\[)", place):
        if index:
            type_ = get_args(type_)[0]
        elif not name.isdigit():
            type_ = get_type_hints(type_)[name]
    return type_


def _standing(place: str, content: Json) -> Json:
    for part in re.findall(r"\w+", place):
        if isinstance(content, Mapping):
            content = content.get(part)
        elif isinstance(content, list | tuple):
            content = content[int(part)]
    return content
