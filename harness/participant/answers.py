"""What a resource answers: the body of what was made, its status, its id, its lists, its errors.

Owns the templates (`total = "{body.amount}"`) and the reading of ids from an answer. Refuses to know what
was applied: whoever answers says which resource it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus

import msgspec

from harness.errors import ScenarioError, misplaced, nearest
from harness.participant.messages import Response
from harness.saga import Json

OF_A_RESOURCE = ("n", "id", "saga_id", "step", "body.FIELD")
OF_AN_ERROR = ("error", "status", "id")
CREATED = (200, 201)
UNDONE = (200, 201, 204)
BARE = "[]"
"""As `items`: a list with nothing around it."""

_TOLD = 200
"""Characters of a body that a message shows."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][^{}]*)\}")
_Known = Callable[[str], Json]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one resource answers. Raises ScenarioError where a template or a status is none.

    fields: the body of a resource, with placeholders of `OF_A_RESOURCE`; `body.FIELD` is one of the request
    that made it. A text that is one placeholder keeps the type of its value. created: the status of a create.
    undone: that of an undo; None: 201 of a POST, else 204. id: the field that is the id, as a path a.b.
    items: the field of a query that is the list, as a path, or `BARE`. error: the body of a refusal, with
    placeholders of `OF_AN_ERROR`.
    """

    fields: Mapping[str, Json] = field(default_factory=dict)
    created: int = 201
    undone: int | None = None
    id: str = "id"
    items: str = "items"
    error: Mapping[str, Json] | None = None

    def __post_init__(self) -> None:
        for name, template, known in (
            ("answer", self.fields, OF_A_RESOURCE),
            ("error", self.error, OF_AN_ERROR),
        ):
            for path, placeholder in unknown_placeholders(template, known):
                where = ".".join((name, *map(str, path)))
                raise ScenarioError(misplaced(where, f"{{{placeholder}}}", nearest(placeholder, known)))
        if self.created not in CREATED or self.undone not in (None, *UNDONE):
            found = f"created = {self.created}, undone = {self.undone}"
            raise ScenarioError(misplaced("answers", found, f"created of {CREATED}, undone of {UNDONE}"))

    # Made -----------------------------------------------------------------------------------

    def of(
        self,
        name: str,
        number: int,
        *,
        saga_id: str,
        step: str | None,
        given: Mapping[str, Json],
        chosen: str | None = None,
    ) -> tuple[str, Mapping[str, Json]]:
        """The id of resource `number` of a participant, and its body. given: the body of the request.

        chosen: the id, where the caller chooses it.
        """
        plain = chosen or f"{name}-{number}"
        if not self.fields:
            return plain, _put({}, self._id_path, plain)
        values: dict[str, Json] = {"n": number, "id": plain, "saga_id": saga_id, "step": step}

        def known(placeholder: str) -> Json:
            if placeholder.startswith("body."):
                return _at(given, placeholder.split(".")[1:])
            return values[placeholder]

        own = _filled(_at(self.fields, self._id_path), known)
        id_ = plain if chosen or own is None or own == "" else own
        values["id"] = id_
        body = _filled(self.fields, known)
        assert isinstance(body, dict)
        return str(id_), _put(body, self._id_path, id_)

    def about(self, id_: str) -> Mapping[str, Json]:
        """A body that says an id and no more."""
        return _put({}, self._id_path, id_)

    def listed(self, bodies: list[Json]) -> Json:
        """The answer of a query for several."""
        return bodies if self.items == BARE else _put({}, self.items.split("."), bodies)

    def refusal(self, status: int, error: str, id_: str = "") -> Response:
        """An answer that says what is wrong."""
        if self.error is None:
            return Response.of(status, {"error": error})
        values: Mapping[str, Json] = {"error": error, "status": status, "id": id_}
        return Response.of(status, _filled(self.error, values.__getitem__))

    def done(self, method: str, body: Mapping[str, Json]) -> Response:
        """The answer of an undo that took effect."""
        status = self.undone or (HTTPStatus.CREATED if method == "POST" else HTTPStatus.NO_CONTENT)
        return Response.of(int(status), None if status == HTTPStatus.NO_CONTENT else body)

    # Read -----------------------------------------------------------------------------------

    def ids_in(self, body: bytes, *, several: bool) -> tuple[str, ...]:
        """The ids that the answer of a query shows. several: it was asked for all, and not for one."""
        try:
            content: Json = msgspec.json.decode(body) if body else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ()
        ids = (_at(one, self._id_path) for one in self._shown(content, several=several))
        return tuple(str(id_) for id_ in ids if id_ is not None)

    def unreadable(self, body: bytes) -> str:
        """Why nobody can tell which ids a list shows; empty: it shows them, or that there is nothing."""
        try:
            content: Json = msgspec.json.decode(body) if body else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "no JSON"
        if not content or (self.items != BARE and _is_null(content, self.items.split("."))):
            return ""
        for one in self._shown(content, several=True):
            if _at(one, self._id_path) is None:
                told = msgspec.json.encode(one).decode()
                return f"neither {self.id!r} nor a list under {self.items!r} in {told[:_TOLD]}"
        return ""

    def _shown(self, content: Json, *, several: bool) -> list[Json]:
        """The things that a body is about. Several may be a list of ids alone, or have nothing around it."""
        items = content if self.items == BARE else _at(content, self.items.split("."))
        if not several:
            one = _at(content, self._id_path) is not None
            return items if isinstance(items, list) and not one else [content]
        found = content if isinstance(content, list) else items
        if not isinstance(found, list):
            return [content]
        return [_put({}, self._id_path, one) if _is_id(one) else one for one in found]

    @cached_property
    def _id_path(self) -> list[str]:
        return self.id.split(".")


def unknown_placeholders(
    template: Json, known: tuple[str, ...], path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a template names what nobody knows, and what it names there."""
    if isinstance(template, str):
        for placeholder in _PLACEHOLDER.findall(template):
            head, dot, rest = placeholder.partition(".")
            if placeholder not in known and not (f"{head}{dot}FIELD" in known and rest):
                yield path, placeholder
    elif isinstance(template, Mapping):
        for name, one in template.items():
            yield from unknown_placeholders(one, known, (*path, name))
    elif isinstance(template, list | tuple):
        for index, one in enumerate(template):
            yield from unknown_placeholders(one, known, (*path, index))


def _filled(template: Json, known: _Known) -> Json:
    if isinstance(template, str):
        whole = _PLACEHOLDER.fullmatch(template)
        if whole is not None:
            return known(whole[1])
        return _PLACEHOLDER.sub(lambda found: _text(known(found[1])), template)
    if isinstance(template, Mapping):
        return {name: _filled(one, known) for name, one in template.items()}
    if isinstance(template, list | tuple):
        return [_filled(one, known) for one in template]
    return template


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def _at(value: Json, path: list[str]) -> Json:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _is_id(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_null(value: Json, path: list[str]) -> bool:
    """Whether something is said to be null, as some write a list in which nothing is."""
    *outer, last = path
    inner = _at(value, outer)
    return isinstance(inner, Mapping) and last in inner and inner[last] is None


def _put(body: dict[str, Json], path: list[str], value: Json) -> dict[str, Json]:
    """The body, with a value at a path."""
    head, *rest = path
    if not rest:
        return {**body, head: value}
    inner = body.get(head)
    return {**body, head: _put(inner if isinstance(inner, dict) else {}, rest, value)}
