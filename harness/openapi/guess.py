"""A participant of an OpenAPI document: resources, requests and steps, and what was guessed for each.

Refuses documents in which nothing is created, and operations that they do not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import UsageError, misplaced, nearest
from harness.openapi import answers
from harness.openapi.document import OpenApi
from harness.openapi.operations import PLACE, Operation, Pair, pairs
from harness.openapi.proofs import AUTHORIZATION, proofs
from harness.openapi.requests import KEY, GuessedRequest, place_name, request_of, route_of, unread_bodies
from harness.openapi.values import unmet_patterns
from harness.saga import Json

MOST_STEPS = 4
"""Steps that are taken from a document unasked; a saga of more is no example any more."""

DEFAULT_KEY = "Idempotency-Key"
_NO_WORDS = {"api", "rest", "openapi", "swagger", "the", "service", "a", "of", "and", "for"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedStep:
    """One step. keys: those of its resource in a saga.toml, in their order. notes: what was guessed.

    chosen: the saga chooses the id of what it makes. parents: by placeholder of its paths, the resource of an
    earlier step whose id stands there. fields: the same by field of its body.
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
    parents: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


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
    named = [(pair, _name(pair.create, names)) for pair in taken]
    named.sort(key=lambda one: one[0].undo is None)  # what nothing undoes comes last
    steps = tuple(
        _step(document, pair, resource, named[:number]) for number, (pair, resource) in enumerate(named)
    )
    asked = [proof for pair in taken for proof in proofs(document, pair.create.node)]
    return GuessedService(
        name=name or _service(document),
        document=document,
        steps=steps,
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


def _step(document: OpenApi, pair: Pair, resource: str, before: Sequence[tuple[Pair, str]]) -> GuessedStep:
    paths = [(pair.create, pair.chosen), (pair.undo, True), (pair.find, False)]
    parents: dict[str, str] = {}
    for operation, last in paths:
        parents |= {} if operation is None else _parents(operation, before, last=last)
    own = tuple(parents)
    create = request_of(document, pair.create, last=pair.chosen, parents=own)
    by_id = pair.undo or pair.get
    place = by_id.places[-1] if by_id is not None else ""
    sent = create.body if isinstance(create.body, dict) else {}
    answer = answers.created(pair.create, place, sent)
    items = None if pair.find is None else answers.listed(pair.find)
    undo = None if pair.undo is None else request_of(document, pair.undo, last=True, parents=own)
    listed = None if items is None else pair.find
    find = None if listed is None else request_of(document, listed, last=False, parents=own)
    fields = _fields(sent, before)
    return GuessedStep(
        resource=resource,
        keys={**_routes(pair, find=find is not None), **_answer_keys(pair, answer, items)},
        create=create,
        undo=undo,
        find=find,
        id=answer.id,
        items=items or "items",
        notes=(*_notes(pair, create, answer, items), *_filled(parents, fields)),
        chosen=pair.chosen,
        parents=parents,
        fields=fields,
    )


def _parents(operation: Operation, before: Sequence[tuple[Pair, str]], *, last: bool) -> dict[str, str]:
    """Placeholders that stand for what an earlier step makes, under the names that routes give.

    last: the last one names what the step itself makes.
    """
    found: dict[str, str] = {}
    for place in operation.places[: -1 if last else None]:
        prefix = operation.path.partition(f"{{{place}}}")[0]
        shape = f"{PLACE.sub('{}', prefix)}{{}}"
        resource = next((name for one, name in before if one.member == shape), None)
        if resource is not None:
            found[place_name(place)] = resource
    return found


def _fields(sent: Mapping[str, Json], before: Sequence[tuple[Pair, str]]) -> dict[str, str]:
    """Fields of a body called as the id of what an earlier step makes: `customerId`, `customer_id`."""
    found: dict[str, str] = {}
    for name, value in sent.items():
        plain = answers.plain(name)
        for pair, resource in before:
            noun = answers.plain(answers.noun_of(pair.create))
            if plain in (f"{noun}id", f"{noun}uuid") and isinstance(value, str | int):
                found[name] = resource
    return found


def _filled(parents: Mapping[str, str], fields: Mapping[str, str]) -> Iterator[str]:
    for resource in dict.fromkeys(parents.values()):
        places = [f"{{{place}}}" for place, one in parents.items() if one == resource]
        verb = "is" if len(places) == 1 else "are"
        yield f"in its paths, {' and '.join(places)} {verb} the id of {resource}"
    for name, resource in fields.items():
        yield f"in its body, {name} is the id of {resource}"


def _routes(pair: Pair, *, find: bool) -> dict[str, Json]:
    keys: dict[str, Json] = {"create": route_of(pair.create, last=pair.chosen)}
    if pair.undo is not None:
        keys["delete"] = route_of(pair.undo, last=True)
    if pair.get is not None:
        keys["get"] = route_of(pair.get, last=True)
    if pair.find is not None and find:
        keys["find"] = route_of(pair.find, last=False)
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
    if len(pair.create.places) > len(PLACE.findall(create.path)):
        notes.append(f"in its path, examples: {create.path}")
    unmet = unmet_patterns(pair.create.node)
    if unmet:
        notes.append(f"no value was found for the pattern of {', '.join(unmet)}: set one")
    if isinstance(create.body, dict) and create.body:
        kind = "form" if create.form else "body"
        notes.append(f"its {kind} has what is required, with example values: {', '.join(create.body)}")
    unread = unread_bodies(pair.create)
    if unread:
        notes.append(f"it takes a body of {unread}, of which none is guessed: the saga sends none")
    return notes


def _key_header(operation: Operation) -> str | None:
    found = (one.text("name") for one in operation.parameters if one.text("in") == "header")
    return next((name for name in found if KEY.search(name)), None)
