"""`adapter = "http"`: a service at `base_url`, which `start` starts if that is ours to do."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from harness.adapter import SagaAdapter
from harness.adapter.http import PORT, HttpFields, HttpPaths, HttpSaga, Restart
from harness.loader.adapters.plugin import (
    AdapterPlugin,
    Launch,
    ManualCall,
    Scaffold,
    Surroundings,
    read_command,
)
from harness.loader.adapters.scaffolds import DURABLE, ON_THE_WIRE, texts
from harness.loader.adapters.subprocess import shell_variables
from harness.loader.table import Table
from harness.saga import Status

_ANY_PORT = 65_535
_URL = "a URL with http or https and a host, like 'http://127.0.0.1:8000' or 'http://127.0.0.1:{port}'"
_STATUSES = "a table of the service's words, like { BOOKED = 'completed', FAILED = 'compensated' }"


def _read(table: Table, around: Surroundings) -> SagaAdapter:
    start = read_command(table, "start") if table.has("start") else ()
    if around.env and not start:
        raise table.wrong("env", 'start = ["…"] beside it: env is for the process that start starts')
    base_url = _base_url(table)
    if PORT in base_url:
        _check_port(table, start, around)
    elif PORT in " ".join(start):
        raise table.wrong("base_url", f"{PORT} in place of its port, for start takes one")
    return HttpSaga(
        base_url=base_url,
        cwd=table.source.folder,
        start=start,
        env=around.env,
        paths=_paths(table.table_or_empty("paths")),
        fields=_fields(table.table_or_empty("fields")),
        listen=around.listen,
        statuses=_statuses(table.table_or_empty("statuses")),
        restart=_restart(table),
    )


def _check_port(table: Table, start: tuple[str, ...], around: Surroundings) -> None:
    if not start:
        raise table.wrong(
            "base_url", f'a port, or start = ["…", "{PORT}"] beside it: who else would take it?'
        )
    if PORT not in " ".join((*start, *around.env.values())):
        raise table.wrong("start", f"{PORT} in it, or in env, where base_url has it")


def _base_url(table: Table) -> str:
    text = table.text("base_url", _URL)
    placed = text.replace(PORT, str(_ANY_PORT))
    try:
        url = urlsplit(placed)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
        usable = usable and (placed == text or (text.count(PORT) == 1 and url.port == _ANY_PORT))
    except ValueError:
        usable = False
    if not usable or any(mark in text for mark in "?# "):
        raise table.wrong("base_url", _URL)
    return text.rstrip("/")


def _restart(table: Table) -> Restart:
    restart = table.word("restart", Restart, Restart.WHEN_KILLED)
    if restart is not Restart.WHEN_KILLED and not table.has("start"):
        raise table.wrong("restart", 'start = ["…"] beside it, which restarts the service')
    return restart


def _statuses(table: Table) -> dict[str, Status]:
    if any(not word.strip() for word in table.values):
        raise table.wrong(next(word for word in table.values if not word.strip()), _STATUSES)
    return {word: table.word(word, Status, Status.RUNNING) for word in table.values}


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
    table.refuse_unknown(("id", "input", "status", "detail", "made_id"))
    return HttpFields(
        id=table.text("id", default=default.id),
        input=table.text("input", default=default.input),
        status=_path(table, "status", default.status),
        detail=_path(table, "detail", default.detail),
        made_id=_path(table, "made_id", "") if table.has("made_id") else None,
    )


def _path(table: Table, key: str, default: str) -> str:
    expected = "a field of the answer's JSON, or a path to one, like 'order.state'"
    path = table.text(key, expected, default)
    if not all(path.split(".")):
        raise table.wrong(key, expected)
    return path


def _manual_command(saga: SagaAdapter, call: ManualCall) -> str:
    assert isinstance(saga, HttpSaga)
    if not saga.start:
        return f"to try it by hand: start the service at {saga.name}"
    saga = saga.at(int(_PORT))
    line = f"{shell_variables(call)} {shlex.join(saga.start)}"
    return f"to start it by hand: cd {shlex.quote(str(saga.cwd))} && {line}"


_PORT = "8731"

PLUGIN = AdapterPlugin(
    name="http",
    keys=("base_url", "start", "paths", "fields", "statuses", "restart"),
    read=_read,
    launch=Launch(makes=HttpSaga, by="harness.worlds.wire.executors.service:make"),
    scaffold=Scaffold(
        saga=(
            f'adapter = "http"\nbase_url = "http://127.0.0.1:{PORT}"\n'
            f'start = ["python3", "service.py", "{PORT}"]\n{DURABLE}'
        ),
        files=texts("saga.py", "service.py"),
        described=texts("described_saga.py>saga.py", "service.py"),
        then=(
            "then set start and base_url in {toml} to what starts your service, in any language, and where;",
            "each process of it gets a free port in place of {{port}}:",
            "it is asked with POST /sagas and GET /sagas/ID, and finds SAGA_STORE_DIR and a",
            "SAGA_<PARTICIPANT>_URL for each participant,",
            "and say in {toml} what its participants and steps are",
        ),
        run=ON_THE_WIRE,
    ),
    manual_command=_manual_command,
)
