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
from harness.loader.bus_table import is_bus, read_bus
from harness.loader.kinds_table import KINDS, ResourceKind, read_at_most
from harness.loader.own_service_table import (
    OWN_KEYS,
    OWN_RESOURCE_KEYS,
    is_own,
    read_own,
    refuse_own_keys,
)
from harness.loader.participant_class import CLASS_KEYS, read_class
from harness.loader.route_keys import read_refusal, read_routes
from harness.loader.table import Table
from harness.participant import Participant, Repeats, ResourceSpec, RestParticipant, UndoAnswers, Verb
from harness.participant.expiry import what_confirms

_RESOURCE_KEYS = (
    *(*Verb, "undo_answers", "action_answers", "repeats", "refuses", "kind", "at_most"),
    *("expires_s", "confirms"),
    *(*ANSWER_KEYS, *OWN_RESOURCE_KEYS),
)
_NAME = re.compile(r"[A-Za-z0-9_-]+")


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
    if is_bus(table):
        return read_bus(name, table)
    table.refuse_unknown(("listen", "resources", *CLASS_KEYS, *OWN_KEYS))
    if not is_own(table):
        refuse_own_keys(table)
    if table.has("class"):
        if is_own(table):
            raise table.wrong("class", "either class, or url or start, not both")
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
    _check_confirms(dict(resources.named("a table with routes")), specs)
    if is_own(table):
        return read_own(name, table, specs, key_header)
    return RestParticipant(name, specs, key_header)


def _resource(name: str, table: Table, tables: Table, taken: dict[tuple[str, str], str]) -> ResourceSpec:
    _check_name(name, tables)
    kind = table.word("kind", ResourceKind, ResourceKind.RECORD)
    if kind is not ResourceKind.RECORD:
        return KINDS[kind](name, table, taken)
    table.refuse_unknown(_RESOURCE_KEYS)
    routes = {verb: read_routes(table, verb, taken) for verb in Verb if table.has(verb)}
    if not routes:
        raise table.missing(Verb.CREATE, f"at least one route, like create = 'POST /{name}s'")
    return ResourceSpec(
        name=name,
        routes=routes,
        repeats=table.word("repeats", Repeats, Repeats.KEY),
        undo_answers=table.word("undo_answers", UndoAnswers, UndoAnswers.DONE),
        action_answers=table.word("action_answers", UndoAnswers, UndoAnswers.DONE),
        refuses=read_refusal(table),
        at_most=read_at_most(table),
        expires_s=_expires_s(table),
        confirms=_confirms(table),
        answers=read_answers(table),
    )


def _expires_s(table: Table) -> float | None:
    if table.has("expires_s") and not table.has(Verb.CREATE):
        raise table.wrong("expires_s", "it beside create: what is never made is never over")
    return table.seconds("expires_s", "seconds above 0, after which it is over by itself")


def _confirms(table: Table) -> str | None:
    if not table.has("confirms"):
        return None
    if not table.has(Verb.CREATE):
        raise table.wrong("confirms", "it beside create, which is what confirms")
    return table.text("confirms", "the name of a record of this participant with expires_s")


def _check_confirms(tables: Mapping[str, Table], specs: Iterable[ResourceSpec]) -> None:
    resources = tuple(specs)
    expiring = [one.name for one in resources if one.kind is None and one.expires_s is not None]
    for one in resources:
        if one.confirms is not None and one.confirms not in expiring:
            raise tables[one.name].wrong("confirms", what_confirms(one.confirms, expiring))


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
