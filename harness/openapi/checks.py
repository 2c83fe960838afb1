"""Whether a document is OpenAPI: its shape, and the rules beside it.

Owns what is a refusal and what is a remark. A document whose shape is wrong cannot be read; one that breaks a
rule which hides nothing (a default of another type than its schema, an enum that says a value twice) can.
Imports the validator, so it is imported late itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from jsonschema_path import SchemaPath
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from harness.errors import UsageError, misplaced

_SHOWN = 80
_MOST_REMARKS = 5
_Keys = Sequence[str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """An error, and the place in the document that it is about."""

    error: Any
    keys: tuple[str | int, ...]


def checked(root: SchemaPath, version: str, place: Callable[[_Keys], str]) -> Iterator[str]:
    """Remarks. place: file, line and path of a key. Raises UsageError where the shape is another."""
    validator = _with_places(
        OpenAPIV30SpecValidator if version.startswith("3.0") else OpenAPIV31SpecValidator
    )(root)
    try:
        errors = list(validator.schema_validator.iter_errors(root.read_value()))
    except (AttributeError, KeyError, TypeError) as crashed:
        yield f"the validator gave up ({crashed!r}): the document is not checked"
        return
    misshapen = next((one for one in errors if one.validator != "format"), None)
    if misshapen is not None:
        raise _misshapen(misshapen, place)
    formats = (_Placed(error=one, keys=tuple(one.absolute_path)) for one in errors)
    yield from _remarks(chain(formats, validator.root_validator(validator.schema_path)))


def _with_places(validator: Any) -> Any:
    """A validator whose errors about schemas say where the schema is: the library's own do not."""
    inner = validator.keyword_validators["schema"]

    def call(self: Any, schema: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
        for error in inner.__call__(self, schema, *arguments, **named):
            placed = isinstance(error, _Placed)
            yield error if placed else _Placed(error=error, keys=(*schema.parts, *error.absolute_path))

    placing = type("PlacingSchemaValidator", (inner,), {"__call__": call})
    return type(
        "PlacingValidator",
        (validator,),
        {"keyword_validators": {**validator.keyword_validators, "schema": placing}},
    )


def _remarks(errors: Iterator[Any]) -> Iterator[str]:
    count = 0
    while True:
        try:
            error = next(errors, None)
        except (AttributeError, KeyError, TypeError) as crashed:
            yield f"the validator gave up ({crashed!r}): the rest of the document is not checked"
            break
        if error is None:
            break
        count += 1
        if count <= _MOST_REMARKS:
            yield _remark(error)
    if count > _MOST_REMARKS:
        yield f"and {count - _MOST_REMARKS} more like these"


def _remark(error: Any) -> str:
    if not isinstance(error, _Placed):
        return str(error.message)
    return f"{' / '.join(map(str, error.keys))}: {_short(error.error.message, 2 * _SHOWN)}"


def _misshapen(error: Any, place: Callable[[_Keys], str]) -> UsageError:
    """Of alternatives the one that went furthest."""
    while error.context:
        error = max(error.context, key=lambda one: len(one.absolute_path))
    return UsageError(misplaced(place(tuple(error.absolute_path)), _Said(_found(error)), _expected(error)))


class _Said(str):
    """A text that messages show without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _found(error: Any) -> str:
    instance = getattr(error, "instance", None)
    if isinstance(instance, dict):
        return "a mapping with " + (", ".join(map(str, list(instance)[:6])) or "nothing")
    return _short(repr(instance), _SHOWN)


def _expected(error: Any) -> str:
    if error.validator == "required":
        return f"{error.message.partition(' is ')[0]} in it"
    if error.validator == "type":
        return f"{error.validator_value}"
    if error.validator == "enum":
        return f"one of {', '.join(map(repr, error.validator_value))}"
    return f"what OpenAPI allows there: {_short(error.message, 2 * _SHOWN)}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
