"""`adapter = "callable"`: a function, found by `target`."""

from __future__ import annotations

from harness.adapter import CallableSaga, SagaAdapter
from harness.loader.adapters.plugin import AdapterPlugin, Launch, Scaffold, Surroundings
from harness.loader.adapters.scaffolds import texts
from harness.loader.table import Table
from harness.loader.target import load_target
from harness.saga import Claim

RESUMED = frozenset({Claim.PROCESS_DEATH, Claim.OTHER_NODE, Claim.RETRY_ELSEWHERE})


def _read(table: Table, around: Surroundings) -> SagaAdapter:
    target = table.text("target", "'sagas.py:order' or 'package.module:object'")
    # Whoever claims to survive its process can be called again after it.
    durable = bool(around.claims & RESUMED)
    return load_target(target, table.source.folder, table.where("target"), env=around.env, durable=durable)


PLUGIN = AdapterPlugin(
    name="callable",
    keys=("target",),
    read=_read,
    processes=False,
    launch=Launch(
        makes=CallableSaga,
        by="harness.worlds.wire.executors.callable:make",
        killable="harness.worlds.wire.executors.hosted:make",
    ),
    scaffold=Scaffold(
        saga='adapter = "callable"\ntarget = "sagas.py:saga"\nclaims = ["lost_reply"]',
        files=texts("sagas.py"),
        described=texts("described_sagas.py>sagas.py"),
        then=(
            "then replace {folder}/sagas.py by your saga, called in this process,",
            "and say in {toml} what its participants and steps are",
        ),
    ),
)
