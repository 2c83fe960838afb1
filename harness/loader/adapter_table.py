"""What each adapter needs of [saga]: one reader an adapter, and the keys that are its own.

Owns the choice of the adapter and the refusal of keys that belong to another one. Refuses to start
anything: what it returns is data. A new adapter is one reader and one line in `ADAPTERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.adapter import SagaAdapter
from harness.adapter.http import HttpFields, HttpPaths, HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.participants_table import variable
from harness.loader.saga_table import SAGA_KEYS
from harness.loader.table import Table
from harness.loader.target import load_target
from harness.participant import RestParticipant
from harness.saga import Claim

_RESUMED = frozenset({Claim.PROCESS_DEATH, Claim.OTHER_NODE, Claim.RETRY_ELSEWHERE})
_COMMAND = "a command as a list of texts, like ['node', 'saga.js']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rest of the file says that an adapter may need."""

    env: Mapping[str, str]
    claims: frozenset[Claim]
    listen: Mapping[str, tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterReader:
    """keys: those of [saga] that belong to this adapter alone. processes: it starts or calls some."""

    keys: tuple[str, ...]
    read: Callable[[Table, Surroundings], SagaAdapter]
    processes: bool = True


def check_keys(table: Table) -> None:
    """Refuse keys of [saga] that no adapter knows."""
    table.refuse_unknown((*SAGA_KEYS, *(key for reader in ADAPTERS.values() for key in reader.keys)))


def read_adapter(
    table: Table,
    *,
    claims: frozenset[Claim],
    participants: Sequence[RestParticipant],
    listen: Mapping[str, tuple[str, int]],
) -> SagaAdapter:
    """The saga under test, as its adapter wants it."""
    name = table.text("adapter", nearest("", ADAPTERS))
    if name not in ADAPTERS:
        raise table.wrong("adapter", nearest(name, ADAPTERS))
    reader = ADAPTERS[name]
    _check_own(table, name)
    if not reader.processes:
        _refuse_listen(table, listen)
    env = _env(table, [variable(one.name) for one in participants] if reader.processes else [])
    return reader.read(table, Surroundings(env=env, claims=claims, listen=listen))


def _refuse_listen(table: Table, listen: Mapping[str, tuple[str, int]]) -> None:
    for participant, address in listen.items():
        where = table.source.where(("participants", participant, "listen"))
        expected = "no fixed address: a callable finds its participants in ctx.urls"
        raise ScenarioError(misplaced(where, f"{address[0]}:{address[1]}", expected))


def _check_own(table: Table, name: str) -> None:
    for other, reader in ADAPTERS.items():
        for key in reader.keys:
            if table.has(key) and key not in ADAPTERS[name].keys:
                own = ", ".join(ADAPTERS[name].keys)
                raise table.wrong(key, f"{own} with adapter = {name!r}; {key!r} is a key of {other!r}")


def _env(table: Table, ours: Sequence[str]) -> Mapping[str, str]:
    env = table.table_or_empty("env")
    found: dict[str, str] = {}
    for key in env.values:
        value = env.values[key]
        if not isinstance(value, str) or "\0" in value:
            raise env.wrong(key, "a text, as every environment variable is")
        if not key or "=" in key or "\0" in key:
            raise ScenarioError(misplaced(env.where(key), key, "the name of an environment variable"))
        if ours and key in ("SAGA_STORE_DIR", *ours):
            raise ScenarioError(misplaced(env.where(key), key, "another name: each run sets this one itself"))
        found[key] = value
    return found


def _callable(table: Table, around: Surroundings) -> SagaAdapter:
    target = table.text("target", "'sagas.py:order' or 'package.module:object'")
    # Whoever claims to survive its process can be called again after it.
    durable = bool(around.claims & _RESUMED)
    return load_target(target, table.source.folder, table.where("target"), env=around.env, durable=durable)


def _subprocess(table: Table, around: Surroundings) -> SagaAdapter:
    command = _command(table, "command")
    return SubprocessSaga(command=command, cwd=table.source.folder, env=around.env, listen=around.listen)


def _http(table: Table, around: Surroundings) -> SagaAdapter:
    start = _command(table, "start") if table.has("start") else ()
    if around.env and not start:
        raise table.wrong("env", 'start = ["…"] beside it: env is for the process that start starts')
    return HttpSaga(
        base_url=_base_url(table),
        cwd=table.source.folder,
        start=start,
        env=around.env,
        paths=_paths(table.table_or_empty("paths")),
        fields=_fields(table.table_or_empty("fields")),
        listen=around.listen,
    )


def _command(table: Table, key: str) -> tuple[str, ...]:
    command = table.texts(key, _COMMAND)
    if not command:
        raise table.wrong(key, _COMMAND)
    return command


def _base_url(table: Table) -> str:
    expected = "a URL with http or https and a host, like 'http://127.0.0.1:8000'"
    text = table.text("base_url", expected)
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        usable = False
    if not usable or any(mark in text for mark in "?# "):
        raise table.wrong("base_url", expected)
    return text.rstrip("/")


def _paths(table: Table) -> HttpPaths:
    default = HttpPaths()
    table.refuse_unknown(("start", "status"))
    paths = HttpPaths(
        start=table.text("start", default=default.start), status=table.text("status", default=default.status)
    )
    for key, path in (("start", paths.start), ("status", paths.status)):
        if not path.startswith("/"):
            raise table.wrong(key, "a path below base_url that begins with /")
    if paths.status.count("{id}") != 1:
        raise table.wrong("status", "a path with {id} once, like '/sagas/{id}'")
    return paths


def _fields(table: Table) -> HttpFields:
    default = HttpFields()
    table.refuse_unknown(("id", "input", "status", "detail"))
    return HttpFields(
        id=table.text("id", default=default.id),
        input=table.text("input", default=default.input),
        status=table.text("status", default=default.status),
        detail=table.text("detail", default=default.detail),
    )


ADAPTERS: Mapping[str, AdapterReader] = {
    "callable": AdapterReader(keys=("target",), read=_callable, processes=False),
    "subprocess": AdapterReader(keys=("command",), read=_subprocess),
    "http": AdapterReader(keys=("base_url", "start", "paths", "fields"), read=_http),
}
