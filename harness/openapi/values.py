"""Example values from schemas: what a document gives as one, else the plainest that its schema allows.

Refuses to promise that a service takes it: rules between fields are not met.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache

from harness.openapi.document import Node
from harness.saga import Json

_DEEPEST = 6
_FORMATS = {
    "date": "2030-01-31",
    "date-time": "2030-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "email": "ann@example.org",
    "uri": "https://example.org/",
    "url": "https://example.org/",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "YQ==",
    "password": "secret",
    "idn-email": "ann@example.org",
    "uri-reference": "/",
    "iri": "https://example.org/",
    "phone": "+4712345678",
    "decimal": "1.00",
    "currency": "EUR",
}


def body_example(content: Node) -> Json:
    """Of a media type: its required fields, each with a value."""
    schema = content.at("schema")
    if schema is None:
        return {}
    given = _given(content)
    whole = value_of(schema)
    if isinstance(given, dict) and isinstance(whole, dict):
        return {name: given.get(name, value) for name, value in whole.items()}
    return whole


def value_of(schema: Node, depth: int = 0) -> Json:
    """A value that a schema allows, of objects with what is required; None where it says nothing."""
    given = _given(schema)
    kind = type_of(schema)
    if kind != "object" and given is not None:
        return given
    if kind == "object":
        return _object(schema, depth, given if isinstance(given, dict) else {})
    part = _typed_part(schema, kind)
    if part is not None and depth <= _DEEPEST:
        return value_of(part, depth + 1)
    if kind == "array":
        return _array(schema, depth)
    return _plain(schema, kind) if kind else _of_the_first(schema, depth)


def _typed_part(schema: Node, kind: str) -> Node | None:
    """The part of an `allOf` that alone says what type it is; None where the schema says it itself."""
    parts = schema.at("allOf") if schema.get("type") is None else None
    return None if parts is None else next((one for one in parts.items() if type_of(one) == kind), None)


def _plain(schema: Node, kind: str) -> Json:
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    return True if kind == "boolean" else _string(schema)


def _of_the_first(schema: Node, depth: int) -> Json:
    inner = next(_alternatives(schema), None)
    return None if inner is None or depth > _DEEPEST else value_of(inner, depth + 1)


def type_of(schema: Node, depth: int = 0) -> str:
    """The first type that is not null; from its keywords, or its parts, where it names none."""
    named = schema.get("type")
    if isinstance(named, list):
        named = next((one for one in named if one != "null"), "")
    if isinstance(named, str) and named:
        return named
    parts = None if schema.get("properties") or depth > _DEEPEST else schema.at("allOf")
    if parts is not None:
        return next((kind for one in parts.items() if (kind := type_of(one, depth + 1))), "object")
    if schema.get("properties"):
        return "object"
    return "array" if schema.get("items") else ""


def properties(schema: Node, depth: int = 0) -> dict[str, Node]:
    """Every property of an object, those of `allOf` among them; of alternatives those of the first."""
    found = dict(inner.named()) if (inner := schema.at("properties")) is not None else {}
    if depth <= _DEEPEST:
        parts = schema.at("allOf")
        for part in () if parts is None else parts.items():
            found = {**properties(part, depth + 1), **found}
        first = next(_alternatives(schema), None)
        found = found if first is None else {**properties(first, depth + 1), **found}
    return found


def required(schema: Node, depth: int = 0) -> tuple[str, ...]:
    """The names that have to be there."""
    own = schema.get("required")
    found = [one for one in own if isinstance(one, str)] if isinstance(own, list) else []
    if depth <= _DEEPEST:
        parts = schema.at("allOf")
        for part in () if parts is None else parts.items():
            found += required(part, depth + 1)
        first = next(_alternatives(schema), None)
        if first is not None:
            found += required(first, depth + 1)
    return tuple(dict.fromkeys(found))


def _given(node: Node) -> Json:
    """What the document itself gives as an example."""
    if isinstance(node.value, dict):
        for key in ("example", "const", "default"):
            if node.value.get(key) is not None:
                found: Json = node.value[key]
                return found
        examples = node.at("examples")
        if examples is not None and isinstance(examples.value, dict):  # of a media type: each has a value
            first = next((one for _, one in examples.named()), None)
            given: Json = None if first is None else first.get("value")
            return given
        for several in ("examples", "enum"):
            values = node.value.get(several)
            if isinstance(values, list) and values and values[0] is not None:
                one: Json = values[0]
                return one
    return None


def _object(schema: Node, depth: int, given: dict[str, Json]) -> Json:
    if depth > _DEEPEST:
        return {}
    inner = properties(schema)
    made: dict[str, Json] = {}
    for name in required(schema):
        if name in inner and inner[name].get("readOnly") is True:
            continue
        value = given.get(name)
        if value is None and name in inner:
            value = value_of(inner[name], depth + 1)
        made[name] = "text" if value is None else value
    return made


def _array(schema: Node, depth: int) -> Json:
    least = schema.get("minItems", 0)
    items = schema.at("items")
    if not isinstance(least, int) or least < 1 or items is None or depth > _DEEPEST:
        least = 1 if items is not None and depth <= 1 else 0
    return [] if items is None else [value_of(items, depth + 1) for _ in range(least)]


def _string(schema: Node) -> str:
    text = _FORMATS.get(schema.text("format"), "text")
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    pattern = schema.text("pattern")
    if pattern and not _meets(pattern, text):
        fitting = _fitting(pattern, least if isinstance(least, int) else 0, most)
        return text if fitting is None else fitting
    if isinstance(least, int) and len(text) < least:
        text += "x" * (least - len(text))
    return text[:most] if isinstance(most, int) else text


def unmet_patterns(operation: Node) -> tuple[str, ...]:
    """Required fields of a body that have a pattern of which no value is known."""
    content = operation.at("requestBody", "content")
    found = []
    for kind, one in () if content is None else content.named():
        schema = one.at("schema") if "json" in kind else None
        inner = {} if schema is None else properties(schema)
        for name in () if schema is None else required(schema):
            pattern = inner[name].text("pattern") if name in inner else ""
            value = value_of(inner[name]) if pattern else ""
            if pattern and not (isinstance(value, str) and _meets(pattern, value)):
                found.append(name)
    return tuple(found)


def _meets(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # of another dialect
        return False


@cache
def _fitting(pattern: str, least: int, most: object) -> str | None:
    """The simplest text for a pattern, and of a length; None where none is found."""
    from harness.repeatable import text_for  # noqa: PLC0415 - Hypothesis is heavy, and few documents need it

    def fits(text: str) -> bool:
        return text.isprintable() and least <= len(text) <= (most if isinstance(most, int) else math.inf)

    return text_for(pattern, fits)


def _number(schema: Node, *, whole: bool) -> int | float:
    least = schema.get("minimum", 1)
    above = schema.get("exclusiveMinimum")
    value = least if isinstance(least, int | float) else 1
    if above is True:
        value += 1
    elif isinstance(above, int | float):
        value = max(value, above + 1)
    step = schema.get("multipleOf")
    if isinstance(step, int | float) and step > 0:
        value = math.ceil(value / step) * step
    most = schema.get("maximum")
    if isinstance(most, int | float):
        value = min(value, most)
    return int(value) if whole else value


def _alternatives(schema: Node) -> Iterator[Node]:
    for key in ("oneOf", "anyOf"):
        among = schema.at(key)
        if among is not None:
            yield from (one for one in among.items() if type_of(one) != "null")
