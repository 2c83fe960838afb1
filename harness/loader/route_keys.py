"""The keys of a resource that are routes, and the status of its refusals.

Refuses routes that could never do what they are declared for, such as an undo by id whose path has no `{id}`.
"""

from __future__ import annotations

import re

from harness.errors import ScenarioError, misplaced
from harness.loader.table import Table
from harness.participant import Route, Verb

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_NAMED = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
_ROUTE = "a method and a path, like 'POST /charges/{id}/refunds'"
_DONE = (404, 410)

Taken = dict[tuple[str, str], str]
"""Method and path to where they were declared, for a whole participant."""


def read_routes(table: Table, verb: Verb, taken: Taken) -> tuple[Route, ...]:
    value = table.values[verb]
    if isinstance(value, str):
        return (_route(table, verb, value, (), taken),)
    texts = table.texts(verb, f"{_ROUTE}, or a list of them")
    if not texts:
        raise table.wrong(verb, f"{_ROUTE}, or a list of them, at least one")
    return tuple(_route(table, verb, text, (index,), taken) for index, text in enumerate(texts))


def _route(table: Table, verb: Verb, text: str, inner: tuple[int, ...], taken: Taken) -> Route:
    where = table.where(verb, *inner)
    route = Route.parse(text, where)
    _check_path(route, verb, table, inner)
    place = _place(route)
    if place in taken:
        raise ScenarioError(misplaced(where, text, f"a route of its own, and this one is {taken[place]}"))
    taken[place] = f"{'.'.join(map(str, (*table.path, verb)))} on line {table.line(verb, *inner)}"
    return route


def _place(route: Route) -> tuple[str, str]:
    """Routes that serve the same requests have one, whatever their placeholders are called."""
    return route.method, _PLACEHOLDER.sub("{}", route.path.rstrip("/"))


def _check_path(route: Route, verb: Verb, table: Table, inner: tuple[int, ...]) -> None:
    placeholders = _placeholders(route, table, verb, inner)
    if any(mark in route.path for mark in "?#"):
        raise table.wrong(verb, "a path without a query", *inner)
    if verb in (Verb.DELETE, Verb.GET) and "{id}" not in placeholders:
        by_saga = Verb.DELETE_BY_SAGA if verb.undoes else Verb.FIND
        raise table.wrong(verb, f"a path with {{id}}; what goes by saga_id is {by_saga!s}", *inner)
    if verb in (Verb.DELETE_BY_SAGA, Verb.FIND) and "{id}" in placeholders:
        raise table.wrong(verb, "a path without {id}: saga_id comes in the query or the body", *inner)


def _placeholders(route: Route, table: Table, key: str, inner: tuple[int, ...]) -> list[str]:
    """Those of a path. `{id}` is what the call is about; another one stands for any text without a slash."""
    found = _PLACEHOLDER.findall(route.path)
    plain = _PLACEHOLDER.sub("", route.path)
    if "{" in plain or "}" in plain or not all(map(_NAMED.fullmatch, found)) or found.count("{id}") > 1:
        expected = "a path with {id} once at most, and {name} for what may be any text between two slashes"
        raise table.wrong(key, expected, *inner)
    return found


def read_refusal(table: Table) -> int:
    expected = "the status of a refusal, 400 to 499, not 404 or 410, which mean done"
    status = table.whole("refuses", expected, 409)
    if not 400 <= status <= 499 or status in _DONE:
        raise table.wrong("refuses", expected)
    return status


def read_move_routes(table: Table, taken: Taken, own: Taken) -> tuple[Route, ...]:
    """The `route` of a move, with `{id}`; moves of one resource may share theirs, which are in `own`."""
    several = isinstance(table.values.get("route"), list)
    texts = (
        table.texts("route", f"{_ROUTE}, or a list of them") if several else (table.text("route", _ROUTE),)
    )
    found = []
    for index, text in enumerate(texts):
        inner = (index,) if several else ()
        where = table.where("route", *inner)
        route = Route.parse(text, where)
        if "{id}" not in _placeholders(route, table, "route", inner):
            raise table.wrong("route", "a path with {id} once", *inner)
        place = _place(route)
        if place in taken and place not in own:
            raise ScenarioError(misplaced(where, text, f"a route of its own, and this one is {taken[place]}"))
        own[place] = taken[place] = f"{'.'.join(map(str, table.path))} on line {table.line('route')}"
        found.append(route)
    return tuple(found)
