"""Requests and routes of a document: paths filled with examples, bodies, headers and queries.

Owns how an operation is written down, for a saga that sends it and for a participant that serves it. Refuses
to choose operations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from harness.openapi.document import Node, OpenApi
from harness.openapi.operations import PLACE, Operation
from harness.openapi.proofs import proofs
from harness.openapi.values import body_example, value_of
from harness.saga import Json

KEY = re.compile(r"idempoten", re.IGNORECASE)
"""In the name of a header for idempotency keys."""
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedRequest:
    """What a saga sends.

    path: filled with examples; `{id}` where what was made is named, and the names of `GuessedStep.parents`.
    """

    method: str
    path: str
    body: Json = None
    form: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def route_of(operation: Operation, *, last: bool) -> str:
    """With `{id}` for what was made, where the last placeholder names it, and other names for the rest."""
    path = operation.path.rstrip("/") or "/"
    if last:
        before, _, after = path.rpartition(f"{{{operation.places[-1]}}}")
        path = f"{_renamed(before)}{{id}}{_renamed(after)}"
    else:
        path = _renamed(path)
    return f"{operation.method.upper()} {path}"


def _renamed(path: str) -> str:
    """Placeholders that stand for any text, under names that routes may have."""
    return PLACE.sub(lambda one: "{" + place_name(one[1]) + "}", path)


def place_name(place: str) -> str:
    """The name that a route has for a placeholder: `id` is what the step itself makes."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", place)
    return "parent_id" if name == "id" else name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def request_of(
    document: OpenApi, operation: Operation, *, last: bool, parents: Sequence[str]
) -> GuessedRequest:
    """What is sent. last: the last placeholder is what the step makes. parents: those that stay."""
    path = operation.path.rstrip("/") or "/"
    if last:
        before, _, after = path.rpartition(f"{{{operation.places[-1]}}}")
        path = f"{_placed(operation, before, parents)}{{id}}{after}"
    else:
        path = _placed(operation, path, parents)
    body, form = (None, False) if operation.method == "get" else _body(operation)
    proven = proofs(document, operation.node)
    queries = [(one.text("name"), _text(one)) for one in operation.parameters if _wanted(one, "query")]
    queries += [(one.name, one.value) for one in proven if one.where == "query"]
    if queries:
        path += "?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in queries)
    headers = {one.text("name"): _text(one) for one in operation.parameters if _wanted(one, "header")}
    return GuessedRequest(
        method=operation.method.upper(),
        path=path,
        body=body,
        form=form,
        headers={
            **{name: value for name, value in headers.items() if not KEY.search(name)},
            **{one.name: one.value for one in proven if one.where == "header"},
        },
    )


def _placed(operation: Operation, path: str, parents: Sequence[str]) -> str:
    """Examples in its placeholders; those that earlier steps fill stay, under the names that routes have."""
    texts = {
        one.text("name"): quote(_text(one), safe="")
        for one in operation.parameters
        if one.text("in") == "path"
    }

    def filled(place: re.Match[str]) -> str:
        name = place_name(place[1])
        return f"{{{name}}}" if name in parents else texts.get(place[1], place[1] or "text")

    return PLACE.sub(filled, path)


def _wanted(parameter: Node, where: str) -> bool:
    return parameter.text("in") == where and parameter.get("required") is True


def _text(parameter: Node) -> str:
    """An example of a parameter, as it stands in a path, a query or a header."""
    given = parameter.get("example")
    schema = parameter.at("schema")
    value = given if given is not None else None if schema is None else value_of(schema)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) and value not in ("", "text") else parameter.text("name") or "text"


def _body(operation: Operation) -> tuple[Json, bool]:
    """What is sent, and whether it is sent as a form; None where nothing is."""
    content = operation.node.at("requestBody", "content")
    kinds = {} if content is None else dict(content.named())
    kind = next((one for one in kinds if "json" in one), None)
    if kind is not None:
        return body_example(kinds[kind]), False
    if _FORM in kinds:
        return _flat(body_example(kinds[_FORM])), True
    return None, False


def unread_bodies(operation: Operation) -> str:
    """The kinds of body that it takes, where it takes none that can be guessed; else nothing."""
    content = operation.node.at("requestBody", "content")
    kinds = [] if content is None else [kind for kind, _ in content.named()]
    known = any("json" in one or one == _FORM for one in kinds)
    return "" if known else " or ".join(kinds)


def _flat(value: Json, name: str = "") -> dict[str, Json]:
    """A form has no fields within fields: they are written a[b]."""
    made: dict[str, Json] = {}
    inner: list[tuple[str, Json]] = []
    if isinstance(value, dict):
        inner = [(f"{name}[{key}]" if name else key, one) for key, one in value.items()]
    elif isinstance(value, list):
        inner = [(f"{name}[{index}]", one) for index, one in enumerate(value)]
    elif name:
        made[name] = value
    for key, one in inner:
        made.update(_flat(one, key))
    return made
