"""[saga]: which adapter it names, what is common to all, and the refusal of keys that belong to another.

Refuses to know what an adapter needs: its reader does (`adapters`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.adapter import SagaAdapter
from harness.adapter.subprocess import STORE_VARIABLE, url_variable
from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.adapters import ADAPTERS, Surroundings
from harness.loader.saga_table import SAGA_KEYS
from harness.loader.table import Table
from harness.participant import RestParticipant
from harness.saga import Claim


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
    env = _env(table, [url_variable(one.name) for one in participants] if reader.processes else [])
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
        if ours and key in (STORE_VARIABLE, *ours):
            raise ScenarioError(misplaced(env.where(key), key, "another name: each run sets this one itself"))
        found[key] = value
    return found
