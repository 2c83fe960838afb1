"""`adapter = "callable"`: a function, found by `target`."""

from __future__ import annotations

from harness.adapter import SagaAdapter
from harness.loader.adapters.reader import AdapterReader, Surroundings
from harness.loader.table import Table
from harness.loader.target import load_target
from harness.saga import Claim

_RESUMED = frozenset({Claim.PROCESS_DEATH, Claim.OTHER_NODE, Claim.RETRY_ELSEWHERE})


def _read(table: Table, around: Surroundings) -> SagaAdapter:
    target = table.text("target", "'sagas.py:order' or 'package.module:object'")
    # Whoever claims to survive its process can be called again after it.
    durable = bool(around.claims & _RESUMED)
    return load_target(target, table.source.folder, table.where("target"), env=around.env, durable=durable)


READER = AdapterReader(name="callable", keys=("target",), read=_read, processes=False)
