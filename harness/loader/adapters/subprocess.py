"""`adapter = "subprocess"`: a command that is called for each executor."""

from __future__ import annotations

import shlex

import msgspec

from harness.adapter import SagaAdapter
from harness.adapter.subprocess import SubprocessSaga, environment
from harness.loader.adapters.plugin import (
    AdapterPlugin,
    Launch,
    ManualCall,
    Scaffold,
    Surroundings,
    read_command,
)
from harness.loader.adapters.scaffolds import DURABLE, ON_THE_WIRE, texts
from harness.loader.table import Table


def _read(table: Table, around: Surroundings) -> SagaAdapter:
    command = read_command(table, "command")
    return SubprocessSaga(command=command, cwd=table.source.folder, env=around.env, listen=around.listen)


def _manual_command(saga: SagaAdapter, call: ManualCall) -> str:
    assert isinstance(saga, SubprocessSaga)
    given = shlex.quote(msgspec.json.encode(call.input).decode())
    variables = shell_variables(call)
    line = f"echo {given} | {variables} {shlex.join(saga.command)} run by-hand"
    return f"to try it by hand: cd {shlex.quote(str(saga.cwd))} && {line}"


def shell_variables(call: ManualCall) -> str:
    """What each run sets itself, before a command on a line."""
    return " ".join(f"{name}={value}" for name, value in environment(call.urls, call.store_dir).items())


PLUGIN = AdapterPlugin(
    name="subprocess",
    keys=("command",),
    read=_read,
    launch=Launch(makes=SubprocessSaga, by="harness.worlds.wire.executors.command:make"),
    scaffold=Scaffold(
        saga=f'adapter = "subprocess"\ncommand = ["python3", "saga.py"]\n{DURABLE}',
        files=texts("saga.py"),
        described=texts("described_saga.py>saga.py"),
        then=(
            "then set command in {toml} to what starts your saga, in any language:",
            "it is called with `run ID` or `resume ID` and the input on stdin, finds SAGA_STORE_DIR and a",
            'SAGA_<PARTICIPANT>_URL for each participant, and ends with a line OUTCOME {{"status": …}},',
            "and say in {toml} what its participants and steps are",
        ),
        run=ON_THE_WIRE,
    ),
    manual_command=_manual_command,
)
