"""What a create, a query and a refusal answer, by the document: status, id, fields, list, error.

Refuses to guess which operations belong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.openapi.document import Node
from harness.openapi.operations import CREATE_WORDS, Operation
from harness.openapi.values import properties, type_of, value_of
from harness.saga import Json

_MOST_FIELDS = 12
_VERSION = re.compile(r"v\d+(?:\.\d+)*(?:(?:alpha|beta)\d*)?", re.IGNORECASE)
_WRAPPERS = ("data", "result", "response", "item", "attributes")
_SAYS = ("error", "message", "detail", "title", "reason", "description", "error_description")
_CODES = ("code", "status", "statusCode")
_REFUSALS = ("409", "422", "400", "402", "412", "403")
"""Which of the documented refusals of a create stands for all; 404 and 410 mean done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Of a create. status: 200, 201 or 202. id: the path of the field that is the id. found: it is there.

    fields: a template of the body, as `answer` of a saga.toml.
    """

    status: int
    id: str
    found: bool
    fields: Mapping[str, Json]


def created(operation: Operation, place: str, sent: Mapping[str, Json]) -> Answer:
    """What a create answers. place: the placeholder by which others name what was made."""
    status, body = _success(operation, (201, 200, 202))
    if body is None or type_of(body) != "object":
        return Answer(status=status or 201, id="id", found=False, fields={})
    fields = properties(body)
    path = _id_path(fields, place, operation)
    if path is None:
        return Answer(status=status or 201, id="id", found=False, fields=_template(fields, sent, ()))
    return Answer(status=status or 201, id=".".join(path), found=True, fields=_template(fields, sent, path))


def undone(operation: Operation) -> int | None:
    """The status of an undo that is done; 202 where it is accepted first; None where it is the usual one."""
    status, _ = _success(operation, (200, 201, 202, 204))
    usual = 201 if operation.method == "post" else 204
    return None if status in (None, usual) else status


def listed(operation: Operation) -> str | None:
    """Where the list stands in the answer of a query: a path, or `[]`; None where it answers none."""
    _, body = _success(operation, (200,))
    if body is None:
        return None
    if type_of(body) == "array":
        return "[]"
    fields = properties(body)
    name = _list_among(fields, operation)
    if name is not None:
        return name
    for outer in _WRAPPERS:
        name = _list_among(properties(fields[outer]), operation) if outer in fields else None
        if name is not None:
            return f"{outer}.{name}"
    return None


def _list_among(fields: Mapping[str, Node], operation: Operation) -> str | None:
    """By its usual names, then one that is called as what is listed, then one of objects, then any."""
    lists = {name: one for name, one in fields.items() if type_of(one) == "array"}
    noun = plain(noun_of(operation))
    named = [name for name in lists if plain(name) in (noun, f"{noun}s", f"{noun}list")]
    of_objects = [
        name
        for name, one in lists.items()
        if (inner := one.at("items")) is not None and type_of(inner) == "object"
    ]
    usual = [name for name in ("items", "data", "results") if name in lists]
    return next(iter((*usual, *named, *of_objects, *lists)), None)


def refusal(operation: Operation) -> tuple[int | None, Mapping[str, Json] | None]:
    """The status of a refusal, and the template of its body; None where the document says nothing."""
    responses = operation.node.at("responses")
    for status in _REFUSALS:
        answer = None if responses is None else responses.at(status)
        if answer is not None:
            body = _json_schema(answer)
            return int(status), None if body is None else _error(body)
    return None, None


def _error(body: Node) -> Mapping[str, Json] | None:
    made: dict[str, Json] = {}
    for name, one in properties(body).items():
        kind = type_of(one)
        if name in _SAYS and kind == "string":
            made[name] = "{error}"
        elif name in _CODES and kind == "integer":
            made[name] = "{status}"
        elif name in _SAYS and kind == "object" and (inner := _error(one)):
            made[name] = inner
    return made or None


def _success(operation: Operation, among: tuple[int, ...]) -> tuple[int | None, Node | None]:
    responses = operation.node.at("responses")
    if responses is None:
        return None, None
    for status in among:
        answer = responses.at(str(status))
        if answer is not None:
            return status, _json_schema(answer)
    answer = responses.at("2XX") or responses.at("default")
    return None, None if answer is None else _json_schema(answer)


def _json_schema(answer: Node) -> Node | None:
    content = answer.at("content")
    for kind, one in () if content is None else content.named():
        if "json" in kind:
            return one.at("schema")
    return None


def _id_path(fields: Mapping[str, Node], place: str, operation: Operation) -> tuple[str, ...] | None:
    direct = _id_among(fields, place, operation)
    if direct is not None:
        return (direct,)
    noun = noun_of(operation)
    for outer in (*_WRAPPERS, noun, *[name for name in fields if plain(name) == plain(noun)]):
        inner = properties(fields[outer]) if outer in fields else {}
        found = _id_among(inner, place, operation)
        if found is not None:
            return (outer, found)
    return None


def _id_among(fields: Mapping[str, Node], place: str, operation: Operation) -> str | None:
    by_plain = {plain(name): name for name in reversed(list(fields))}
    noun = plain(noun_of(operation))
    wanted = (plain(place), "id", f"{noun}id", "uuid", "guid", "key", "token", "number", "reference", "name")
    return next((by_plain[one] for one in wanted if one and one in by_plain), None)


def noun_of(operation: Operation) -> str:
    """The last word of a path that is no placeholder, in the singular: `orders` to `order`."""
    words = [one for one in operation.plain.strip("/").split("/") if one and "{" not in one]
    words = [one for one in words if not _VERSION.fullmatch(one)]
    if len(words) > 1 and words[-1].lower() in CREATE_WORDS:
        words.pop()
    word = re.sub(r"[^A-Za-z0-9_-]+", "-", words[-1]).strip("-").lower() if words else ""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 2 else word or "record"


def plain(name: str) -> str:
    """A name without what only divides its words: `order_id` and `orderId` are the same."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _template(fields: Mapping[str, Node], sent: Mapping[str, Json], path: tuple[str, ...]) -> dict[str, Json]:
    """The first fields of an answer: what was sent, a number for an id, else an example."""
    made = dict(_filled(fields, sent, path))
    return made if set(made) != {"id"} or made["id"] != "{id}" else {}


def _filled(
    fields: Mapping[str, Node], sent: Mapping[str, Json], path: tuple[str, ...]
) -> Iterator[tuple[str, Json]]:
    names = list(fields)[:_MOST_FIELDS]
    if path and path[0] not in names:
        names.append(path[0])
    for name in names:
        if path == (name,):
            yield name, _id(fields[name], name, sent)
        elif path and path[0] == name:
            yield name, dict(_filled(properties(fields[name]), sent, path[1:]))
        elif isinstance(sent.get(name), bool | int | float | str):
            yield name, f"{{body.{name}}}"
        elif type_of(fields[name]) in ("string", "integer", "number", "boolean"):
            value = value_of(fields[name])
            if isinstance(value, bool | int | float) or (isinstance(value, str) and "{" not in value):
                yield name, value


def _id(schema: Node, name: str, sent: Mapping[str, Json]) -> Json:
    if isinstance(sent.get(name), str):
        return f"{{body.{name}}}"
    return "{n}" if type_of(schema) in ("integer", "number") else "{id}"
