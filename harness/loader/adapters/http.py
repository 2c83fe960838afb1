"""`adapter = "http"`: a service at `base_url`, which `start` starts if that is ours to do."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from harness.adapter import SagaAdapter
from harness.adapter.http import HttpFields, HttpPaths, HttpSaga
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


def _read(table: Table, around: Surroundings) -> SagaAdapter:
    start = read_command(table, "start") if table.has("start") else ()
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


def _manual_command(saga: SagaAdapter, call: ManualCall) -> str:
    assert isinstance(saga, HttpSaga)
    if not saga.start:
        return f"to try it by hand: start the service at {saga.name}"
    line = f"{shell_variables(call)} {shlex.join(saga.start)}"
    return f"to start it by hand: cd {shlex.quote(str(saga.cwd))} && {line}"


_PORT = "8731"

PLUGIN = AdapterPlugin(
    name="http",
    keys=("base_url", "start", "paths", "fields"),
    read=_read,
    launch=Launch(makes=HttpSaga, by="harness.worlds.wire.executors.service:make"),
    scaffold=Scaffold(
        saga=(
            f'adapter = "http"\nbase_url = "http://127.0.0.1:{_PORT}"\n'
            f'start = ["python3", "service.py"]\n{DURABLE}'
        ),
        files=texts("saga.py", "service.py", port=_PORT),
        then=(
            "then set start and base_url in {toml} to what starts your service, in any language, and where:",
            "it is asked with POST /sagas and GET /sagas/ID, and finds SAGA_STORE_DIR and a",
            "SAGA_<PARTICIPANT>_URL for each participant,",
            "and say in {toml} what its participants and steps are",
        ),
        run=ON_THE_WIRE,
    ),
    manual_command=_manual_command,
)
