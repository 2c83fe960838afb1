"""A participant of an OpenAPI document: resources, requests and steps, and what was guessed for each.

Refuses documents in which nothing is created, and operations that they do not have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from harness.errors import UsageError, misplaced, nearest
from harness.openapi import answers
from harness.openapi.document import Node, OpenApi
from harness.openapi.operations import Operation, Pair, pairs
from harness.openapi.proofs import AUTHORIZATION, proofs
from harness.openapi.values import body_example, unmet_patterns, value_of
from harness.saga import Json

MOST_STEPS = 4
"""Steps that are taken from a document unasked; a saga of more is no example any more."""

DEFAULT_KEY = "Idempotency-Key"
_KEY = re.compile(r"idempoten", re.IGNORECASE)
_NO_WORDS = {"api", "rest", "openapi", "swagger", "the", "service", "a", "of", "and", "for"}
_PLACE = re.compile(r"\{([^{}/]*)\}")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedRequest:
    """What a saga sends. path: filled with examples, and `{id}` where what was made is named."""

    method: str
    path: str
    body: Json = None
    form: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedStep:
    """One step. keys: those of its resource in a saga.toml, in their order. notes: what was guessed.

    chosen: the saga chooses the id of what it makes.
    """

    resource: str
    keys: Mapping[str, Json]
    create: GuessedRequest
    undo: GuessedRequest | None
    find: GuessedRequest | None
    id: str
    items: str
    notes: tuple[str, ...]
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedService:
    """A participant. key_header: None where the document names none. left: creates that were not taken.

    asks: what it asks of callers to know who they are, in words. secret_headers: where that is sent, beside
    Authorization.
    """

    name: str
    document: OpenApi
    steps: tuple[GuessedStep, ...]
    key_header: str | None
    left: tuple[str, ...]
    asks: tuple[str, ...] = ()
    secret_headers: tuple[str, ...] = ()


def guess_service(document: OpenApi, name: str | None, chosen: Sequence[str]) -> GuessedService:
    """chosen: texts like `POST /orders`; empty: the first creates that can be undone, else the first one."""
    found = pairs(document)
    if not found:
        place = f"{document.label}, paths"
        expected = (
            "a POST that creates something, or a PUT of what can be deleted, beside what there is to query"
        )
        raise UsageError(misplaced(place, "no operation that creates anything", expected))
    taken = _chosen(document, found, chosen) if chosen else _first(found)
    names: dict[str, int] = {}
    steps = tuple(_step(document, pair, _name(pair.create, names)) for pair in taken)
    asked = [proof for pair in taken for proof in proofs(document, pair.create.node)]
    undone = [step for step in steps if step.undo is not None]
    return GuessedService(
        name=name or _service(document),
        document=document,
        steps=(*undone, *(step for step in steps if step.undo is None)),
        key_header=next((one for pair in taken if (one := _key_header(pair.create)) is not None), None),
        left=tuple(pair.create.text for pair in found if pair not in taken),
        asks=tuple(dict.fromkeys(proof.words for proof in asked)),
        secret_headers=tuple(dict.fromkeys(proof.name for proof in asked if proof.name != AUTHORIZATION)),
    )


def _first(found: Sequence[Pair]) -> tuple[Pair, ...]:
    undoable = tuple(pair for pair in found if pair.undo is not None)
    return undoable[:MOST_STEPS] or tuple(found[:1])


def _chosen(document: OpenApi, found: Sequence[Pair], chosen: Sequence[str]) -> tuple[Pair, ...]:
    by_text = {pair.create.text: pair for pair in found}
    for text in chosen:
        if text not in by_text:
            raise UsageError(misplaced("--step", text, f"{nearest(text, by_text)}, of {document.label}"))
    return tuple(by_text[text] for text in dict.fromkeys(chosen))


def _service(document: OpenApi) -> str:
    words = re.findall(r"[A-Za-z][A-Za-z0-9]*", document.title)
    kept = [
        one.lower() for one in words if one.lower() not in _NO_WORDS and not re.fullmatch(r"[vV]\d+", one)
    ]
    return "-".join(kept[:3]) or "service"


def _name(operation: Operation, names: dict[str, int]) -> str:
    noun = answers.noun_of(operation)
    names[noun] = names.get(noun, 0) + 1
    return noun if names[noun] == 1 else f"{noun}-{names[noun]}"


# One step -------------------------------------------------------------------------------------


def _step(document: OpenApi, pair: Pair, resource: str) -> GuessedStep:
    create = _request(document, pair.create, last=pair.chosen)
    by_id = pair.undo or pair.get
    place = by_id.places[-1] if by_id is not None else ""
    sent = create.body if isinstance(create.body, dict) else {}
    answer = answers.created(pair.create, place, sent)
    items = None if pair.find is None else answers.listed(pair.find)
    undo = None if pair.undo is None else _request(document, pair.undo, last=True)
    find = None if pair.find is None or items is None else _request(document, pair.find, last=False)
    return GuessedStep(
        resource=resource,
        keys={**_routes(pair, find=find is not None), **_answer_keys(pair, answer, items)},
        create=create,
        undo=undo,
        find=find,
        id=answer.id,
        items=items or "items",
        notes=tuple(_notes(pair, create, answer, items)),
        chosen=pair.chosen,
    )


def _routes(pair: Pair, *, find: bool) -> dict[str, Json]:
    keys: dict[str, Json] = {"create": _route(pair.create, last=pair.chosen)}
    if pair.undo is not None:
        keys["delete"] = _route(pair.undo, last=True)
    if pair.get is not None:
        keys["get"] = _route(pair.get, last=True)
    if pair.find is not None and find:
        keys["find"] = _route(pair.find, last=False)
    return keys


def _answer_keys(pair: Pair, answer: answers.Answer, items: str | None) -> dict[str, Json]:
    """What is not as it is where a saga.toml says nothing."""
    undone = None if pair.undo is None else answers.undone(pair.undo)
    refuses, error = answers.refusal(pair.create)
    keys: dict[str, Json] = {
        "repeats": "natural" if pair.chosen else None,
        "created": 200 if answer.status == 200 else None,
        "action_answers": "accepted" if answer.status == 202 else None,
        "undone": undone if undone != 202 else None,
        "undo_answers": "accepted" if undone == 202 else None,
        "id": answer.id if answer.id != "id" else None,
        "items": items if items != "items" else None,
        "refuses": refuses if refuses != 409 else None,
        "error": error,
        "answer": answer.fields or None,
    }
    return {name: one for name, one in keys.items() if one is not None}


def _notes(pair: Pair, create: GuessedRequest, answer: answers.Answer, items: str | None) -> list[str]:
    undone = "nothing undoes it" if pair.undo is None else f"undone by {pair.undo.text}"
    notes = [f"{pair.create.text}: {undone}"]
    if pair.chosen:
        notes.append(
            "the saga chooses its id, so that the same PUT again changes nothing (repeats = 'natural')"
        )
    where = f"{answer.status} {'(done once it is asked for or sent again) ' if answer.status == 202 else ''}"
    if answer.found:
        notes.append(f"it answers {where}with the id in {answer.id!r}")
    else:
        notes.append(f"it answers {where}and the document does not say where its id stands: taken to be 'id'")
    if items is not None and pair.find is not None:
        shape = "a list with nothing around it" if items == "[]" else f"a list in {items!r}"
        notes.append(f"{pair.find.text} answers {shape}, of all that the caller may see")
    if pair.create.places:
        notes.append(f"in its path, examples: {create.path}")
    unmet = unmet_patterns(pair.create.node)
    if unmet:
        notes.append(f"no value was found for the pattern of {', '.join(unmet)}: set one")
    if isinstance(create.body, dict) and create.body:
        kind = "form" if create.form else "body"
        notes.append(f"its {kind} has what is required, with example values: {', '.join(create.body)}")
    return notes


def _key_header(operation: Operation) -> str | None:
    found = (one.text("name") for one in operation.parameters if one.text("in") == "header")
    return next((name for name in found if _KEY.search(name)), None)


# Requests and routes --------------------------------------------------------------------------


def _route(operation: Operation, *, last: bool) -> str:
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
    return _PLACE.sub(lambda one: "{" + _name_of(one[1]) + "}", path)


def _name_of(place: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]", "_", place)
    return "parent_id" if name == "id" else name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def _request(document: OpenApi, operation: Operation, *, last: bool) -> GuessedRequest:
    path = operation.path.rstrip("/") or "/"
    if last:
        before, _, after = path.rpartition(f"{{{operation.places[-1]}}}")
        path = f"{_placed(operation, before)}{{id}}{after}"
    else:
        path = _placed(operation, path)
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
            **{name: value for name, value in headers.items() if not _KEY.search(name)},
            **{one.name: one.value for one in proven if one.where == "header"},
        },
    )


def _placed(operation: Operation, path: str) -> str:
    for one in operation.parameters:
        if one.text("in") == "path":
            path = path.replace(f"{{{one.text('name')}}}", quote(_text(one), safe=""))
    return _PLACE.sub(lambda undeclared: undeclared[1] or "text", path)


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
