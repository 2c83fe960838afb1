"""A participant that is the user's own service: url, or start with env, cwd and health; holds and reset.

Owns these keys and their types. Refuses addresses that are not loopback, and keys that would describe what
only the service itself decides.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from harness.errors import ScenarioError, misplaced
from harness.loader.table import Table
from harness.loader.target import load_object
from harness.participant import Launch, OwnService, ResourceSpec
from harness.participant.launch import Holdings
from harness.participant.resource import Own
from harness.participant.upstream import Address

OWN_KEYS = ("url", "start", "env", "cwd", "health", "holds", "reset", "headers")
OWN_RESOURCE_KEYS = ("holds", "tombstones")

_OF_A_START = ("env", "cwd", "health")
_DECIDED_THERE = (
    *("answer", "created", "undone", "error", "undo_answers", "action_answers"),
    *("expires_s", "confirms"),
)
_START = 'a command, a list of texts like ["uvicorn", "payments:app", "--port", "{port}"]'
_HOLDS = "a read route that names the saga, like 'GET /reservations?order={saga_id}', or 'checks.py:holdings'"
_RESET = "a request, like 'POST /test/reset'"
_HEALTH = "a path that answers 2xx once the service is up, like '/health'"


def is_own(table: Table) -> bool:
    """Whether a participant's table says that it is a service of the user's."""
    return table.has("url") or table.has("start")


def refuse_own_keys(table: Table) -> None:
    """Of a participant that is not one: what would only be true of a service of the user's."""
    for key in OWN_KEYS:
        if table.has(key):
            expected = "it beside url or start, which say that the participant is your own service"
            raise table.wrong(key, expected)
    if not table.has("resources"):
        return
    for _, one in table.table("resources", "a table").named("a table with routes"):
        for key in OWN_RESOURCE_KEYS:
            if one.has(key):
                raise one.wrong(key, "it at a participant with url or start, which is your own service")


def read_own(name: str, table: Table, specs: Sequence[ResourceSpec], key_header: str) -> OwnService:
    """The participant of that name. specs: its resources, as every participant declares them."""
    resources = dict(table.table("resources", "a table").named("a table with routes"))
    return OwnService(
        name,
        tuple(_spec(spec, resources[spec.name], at_url=table.has("url")) for spec in specs),
        key_header,
        _launch(table),
        _holds(name, table, resources),
    )


def _spec(spec: ResourceSpec, table: Table, *, at_url: bool) -> ResourceSpec:
    if spec.kind is not None:
        raise table.wrong("kind", "'record' at your own service, whose states nobody knows")
    for key in _DECIDED_THERE:
        if table.has(key):
            raise table.wrong(key, "no such key at your own service, which answers as it does")
    own = Own.AT_URL if at_url else Own.STARTED
    return replace(spec, own=own, tombstones=table.flag("tombstones", default=True))


def _launch(table: Table) -> Launch:
    where = table.where()
    reset = _request(table, "reset", _RESET, placeholder=False) if table.has("reset") else ""
    if table.has("url"):
        for key in ("start", *_OF_A_START):
            if table.has(key):
                raise table.wrong(key, "either url, a service that is up, or start, one that we start")
        address = Address.parse(table.text("url"), table.where("url"))
        return Launch(address=address, reset=reset, headers=_texts(table, "headers"), where=where)
    health = table.text("health", _HEALTH) if table.has("health") else ""
    if health and not health.startswith("/"):
        raise table.wrong("health", _HEALTH)
    start = table.texts("start", _START)
    env = _texts(table, "env")
    if not start or not any("{port}" in one for one in (*start, *env.values())):
        raise table.wrong("start", "{port} in it or in env: the port that the service is to listen at")
    return Launch(
        start=start,
        env=env,
        cwd=_folder(table),
        health=health,
        reset=reset,
        headers=_texts(table, "headers"),
        where=where,
    )


def _texts(table: Table, key: str) -> Mapping[str, str]:
    """Names with a text each, which may be empty."""
    inner = table.table_or_empty(key)
    for name, value in inner.values.items():
        if not isinstance(value, str):
            raise inner.wrong(name, "a text")
    return {name: str(value) for name, value in inner.values.items()}


def _folder(table: Table) -> Path:
    folder = Path(table.source.folder)
    if not table.has("cwd"):
        return folder
    found = folder / table.text("cwd", "a folder, relative to this file")
    if not found.is_dir():
        raise table.wrong("cwd", "a folder that is there, relative to this file")
    return found


def _holds(name: str, table: Table, resources: Mapping[str, Table]) -> Mapping[str, str | Holdings]:
    found = {f"{name}.{resource}": _truth(one) for resource, one in resources.items() if one.has("holds")}
    if table.has("holds"):
        if len(resources) != 1:
            raise table.wrong("holds", f"it at each of the resources: {', '.join(resources)}")
        if found:
            raise table.wrong("holds", "it here or at the resource, not both")
        found[f"{name}.{next(iter(resources))}"] = _truth(table)
    return found


def _truth(table: Table) -> str | Holdings:
    """A read route, or a function of the user's."""
    text = table.text("holds", _HOLDS)
    if " " in text or ":" not in text:
        return _request(table, "holds", _HOLDS, placeholder=True)
    found = load_object(text, table.source.folder, table.where("holds"))
    if not callable(found) or isinstance(found, type) or inspect.iscoroutinefunction(found):
        raise table.wrong("holds", "a plain function, called with an Asked, that returns ids")
    return cast("Holdings", found)


def _request(table: Table, key: str, expected: str, *, placeholder: bool) -> str:
    text = table.text(key, expected)
    method, _, target = text.partition(" ")
    methods = ("GET",) if placeholder else ("POST", "PUT", "DELETE")
    if method not in methods or not target.startswith("/") or ("{saga_id}" in target) is not placeholder:
        raise ScenarioError(misplaced(table.where(key), text, expected))
    return text
