"""[participants.X] and [participants.X.resources.Y]: participants that are only resources, or a class.

Owns their names, routes, behaviour and fixed addresses. Refuses routes that could never do what
they are declared for, such as an undo by id whose path has no `{id}`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

from harness.adapter.subprocess import url_variable
from harness.errors import ScenarioError, misplaced
from harness.loader.answers_keys import ANSWER_KEYS, read_answers
from harness.loader.participant_class import CLASS_KEYS, read_class
from harness.loader.table import Table
from harness.participant import Participant, Repeats, ResourceSpec, RestParticipant, Route, UndoAnswers, Verb

_RESOURCE_KEYS = (*Verb, "undo_answers", "repeats", "refuses", *ANSWER_KEYS)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_ROUTE = "a method and a path, like 'POST /charges/{id}/refunds'"
_DONE = (404, 410)


def read_participants(tables: Table, key_header: str) -> tuple[Participant, ...]:
    """All of them, in the order of the file."""
    found = tuple(
        _participant(name, table, tables, key_header)
        for name, table in tables.named("a table with resources")
    )
    if not found:
        expected = "at least one participant, like [participants.payments.resources.charge]"
        raise ScenarioError(misplaced(tables.where(), None, expected))
    _check_variables(tables, [participant.name for participant in found])
    return found


def read_listen(tables: Table) -> Mapping[str, tuple[str, int]]:
    """The addresses of the participants that have a fixed one."""
    fixed: dict[str, tuple[str, int]] = {}
    for name, table in tables.named("a table with resources"):
        if table.has("listen"):
            address = _address(table)
            if address in fixed.values():
                raise table.wrong("listen", "an address of its own for each participant")
            fixed[name] = address
    return fixed


def _participant(name: str, table: Table, tables: Table, key_header: str) -> Participant:
    _check_name(name, tables)
    table.refuse_unknown(("listen", "resources", *CLASS_KEYS))
    if table.has("class"):
        return read_class(name, table, key_header)
    if table.has("with"):
        raise table.missing("class", "the class that is called with it, like 'fakes.py:Flights'")
    expected = f"at least one resource, like [participants.{name}.resources.charge]"
    resources = table.table("resources", expected)
    if not resources.values:
        raise table.wrong("resources", expected)
    taken: dict[tuple[str, str], str] = {}
    specs = tuple(
        _resource(one, spec, resources, taken) for one, spec in resources.named("a table with routes")
    )
    return RestParticipant(name, specs, key_header)


def _resource(name: str, table: Table, tables: Table, taken: dict[tuple[str, str], str]) -> ResourceSpec:
    _check_name(name, tables)
    table.refuse_unknown(_RESOURCE_KEYS)
    routes = {verb: _routes(table, verb, taken) for verb in Verb if table.has(verb)}
    if not routes:
        raise table.missing(Verb.CREATE, f"at least one route, like create = 'POST /{name}s'")
    return ResourceSpec(
        name=name,
        routes=routes,
        repeats=table.word("repeats", Repeats, Repeats.KEY),
        undo_answers=table.word("undo_answers", UndoAnswers, UndoAnswers.DONE),
        refuses=_refusal(table),
        answers=read_answers(table),
    )


def _routes(table: Table, verb: Verb, taken: dict[tuple[str, str], str]) -> tuple[Route, ...]:
    value = table.values[verb]
    if isinstance(value, str):
        return (_route(table, verb, value, (), taken),)
    texts = table.texts(verb, f"{_ROUTE}, or a list of them")
    if not texts:
        raise table.wrong(verb, f"{_ROUTE}, or a list of them, at least one")
    return tuple(_route(table, verb, text, (index,), taken) for index, text in enumerate(texts))


def _route(
    table: Table, verb: Verb, text: str, inner: tuple[int, ...], taken: dict[tuple[str, str], str]
) -> Route:
    where = table.where(verb, *inner)
    route = Route.parse(text, where)
    _check_path(route, verb, table, inner)
    place = (route.method, route.path)
    if place in taken:
        raise ScenarioError(misplaced(where, text, f"a route of its own, and this one is {taken[place]}"))
    taken[place] = f"{'.'.join(map(str, (*table.path, verb)))} on line {table.line(verb, *inner)}"
    return route


def _check_path(route: Route, verb: Verb, table: Table, inner: tuple[int, ...]) -> None:
    placeholders = _PLACEHOLDER.findall(route.path)
    if any(one != "{id}" for one in placeholders) or len(placeholders) > 1:
        raise table.wrong(verb, "a path with {id} once at most, and no other placeholder", *inner)
    if any(mark in route.path for mark in "?#"):
        raise table.wrong(verb, "a path without a query", *inner)
    if verb in (Verb.DELETE, Verb.GET) and not placeholders:
        by_saga = Verb.DELETE_BY_SAGA if verb.undoes else Verb.FIND
        raise table.wrong(verb, f"a path with {{id}}; what goes by saga_id is {by_saga!s}", *inner)
    if verb in (Verb.DELETE_BY_SAGA, Verb.FIND) and placeholders:
        raise table.wrong(verb, "a path without {id}: saga_id comes in the query or the body", *inner)


def _refusal(table: Table) -> int:
    expected = "the status of a refusal, 400 to 499, not 404 or 410, which mean done"
    status = table.whole("refuses", expected, 409)
    if not 400 <= status <= 499 or status in _DONE:
        raise table.wrong("refuses", expected)
    return status


def _check_name(name: str, tables: Table) -> None:
    if _NAME.fullmatch(name) is None:
        raise ScenarioError(misplaced(tables.where(name), name, "a name of letters, digits, _ and -"))


def _check_variables(tables: Table, names: Iterable[str]) -> None:
    owners: dict[str, str] = {}
    for name in names:
        other = owners.setdefault(url_variable(name), name)
        if other != name:
            expected = f"another name: {url_variable(name)} is the address of {other!r} already"
            raise ScenarioError(misplaced(tables.where(name), name, expected))


def _address(table: Table) -> tuple[str, int]:
    expected = "a loopback host and a port from 1 to 65535, like '127.0.0.1:9001'"
    host, colon, port = table.text("listen", expected).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and _loopback(host) and port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise table.wrong("listen", expected)
    return host, int(port)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
