"""JSON as the real server reads and writes it.

Owns the places where it differs from ours, because clients see them: keys match in any case, null changes
nothing, what follows the first value is ignored, numbers keep their literal, and each misfit has its own
sentence. The loader seam: beyond it there are only typed values.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from harness.toxiproxy.embedded.failures import bad_body

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

EXPECTATIONS = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name": "looking for beginning of object key string",
    "Illegal trailing comma": "looking for beginning of object key string",
    "Expecting ',' delimiter": "after object key:value pair",
    "Expecting ':' delimiter": "after object key",
    "Invalid control character": "in string literal",
    "Invalid \\escape": "in string escape code",
}
HTML_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028"})
LARGEST_INT64 = 2**63 - 1

Default = TypeVar("Default")


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def _refuse_constant(name: str) -> NoReturn:
    raise bad_body(f"invalid character '{name[0]}' looking for beginning of value")


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse_constant)


def first_value(body: bytes) -> JsonValue:
    """The first JSON value of a body, whatever follows it."""
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    if not text:
        raise bad_body("EOF")
    try:
        value: JsonValue = DECODER.raw_decode(text)[0]
    except json.JSONDecodeError as error:
        raise bad_body(_syntax_fault(error, text)) from None
    except RecursionError:
        raise bad_body("exceeded max depth") from None
    return value


def dumps(value: JsonValue) -> str:
    """Compact, in the order given, with the characters that matter to HTML escaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(HTML_ESCAPES)


def shortest_float32(value: float) -> int | float:
    """The shortest number that is the same in single precision, as the real server keeps and prints it."""
    single = struct.unpack("f", struct.pack("f", value))[0]
    if single == int(single):
        return int(single)
    candidates = (float(f"{single:.{digits}g}") for digits in range(1, 10))
    return next(c for c in candidates if struct.pack("f", c) == struct.pack("f", single))


@dataclass(slots=True, kw_only=True)
class Misfits:
    """Values of the wrong type; reading goes on past them, and the first one is reported."""

    found: list[str] = field(default_factory=list)

    def add(self, value: JsonValue, target: str, *, literal: bool = False) -> None:
        """Note a value that does not go into this Go type or field."""
        shown = f"number {value}" if literal and isinstance(value, Number) else _kind(value)
        self.found.append(f"json: cannot unmarshal {shown} into Go {target}")

    def tell(self) -> None:
        """Answer 400 if there was one."""
        if self.found:
            raise bad_body(self.found[0])


class Fields:
    """The members of one JSON object; a missing one, or null, leaves the default."""

    def __init__(self, value: JsonValue, misfits: Misfits, *, owner: str, target: str) -> None:
        self._owner = owner
        self._misfits = misfits
        self._members: dict[str, JsonValue] = {}
        if isinstance(value, Mapping):
            self._members = {key.lower(): member for key, member in value.items()}
        elif value is not None:
            misfits.add(value, target)

    def member(self, name: str) -> JsonValue:
        """The bare value."""
        return self._members.get(name)

    def text(self, name: str, default: str) -> str:
        value = self.member(name)
        if isinstance(value, str) and not isinstance(value, Number):
            return value
        return self._misfit(name, default, "string")

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.member(name)
        return value if isinstance(value, bool) else self._misfit(name, default, "bool")

    def whole(self, name: str, default: int, go_type: str) -> int:
        value = self.member(name)
        if isinstance(value, Number) and _is_int64(value):
            return int(value)
        return self._misfit(name, default, go_type)

    def real(self, name: str, default: float) -> float:
        value = self.member(name)
        return float(value) if isinstance(value, Number) else self._misfit(name, default, "float32")

    def _misfit(self, name: str, default: Default, go_type: str) -> Default:
        value = self.member(name)
        if value is not None:
            whole = go_type.startswith("int")
            self._misfits.add(value, f"struct field {self._owner}.{name} of type {go_type}", literal=whole)
        return default


def _is_int64(literal: Number) -> bool:
    return literal.removeprefix("-").isdecimal() and abs(int(literal)) <= LARGEST_INT64


def _kind(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Number):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def _syntax_fault(error: json.JSONDecodeError, text: str) -> str:
    rest = text[error.pos :].lstrip(" \t\r\n")
    cut_short = not rest or error.msg.startswith("Unterminated") or _is_cut_literal(rest)
    if cut_short:
        return "unexpected EOF"
    where = next((said for ours, said in EXPECTATIONS.items() if error.msg.startswith(ours)), error.msg)
    return f"invalid character {_quoted(rest[0])} {where}"


def _is_cut_literal(rest: str) -> bool:
    return any(literal.startswith(rest) for literal in ("null", "true", "false", "-"))


def _quoted(character: str) -> str:
    return {'"': "'\"'", "'": "'\\''"}.get(character) or f"'{character.encode('unicode_escape').decode()}'"
