"""`adapter = "subprocess"`: a command that is called for each executor."""

from __future__ import annotations

from harness.adapter import SagaAdapter
from harness.adapter.subprocess import SubprocessSaga
from harness.loader.adapters.reader import AdapterReader, Surroundings, read_command
from harness.loader.table import Table


def _read(table: Table, around: Surroundings) -> SagaAdapter:
    command = read_command(table, "command")
    return SubprocessSaga(command=command, cwd=table.source.folder, env=around.env, listen=around.listen)


READER = AdapterReader(name="subprocess", keys=("command",), read=_read)
