"""[saga]: which adapter it names, what is common to all, and the refusal of keys that belong to another.

Refuses to know what an adapter needs: its plugin does (`adapters`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.adapter import SagaAdapter
from harness.adapter.redaction import keep_secret
from harness.adapter.subprocess import BUS, STORE_VARIABLE, url_variable
from harness.bus import Bus
from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.adapters import ADAPTERS, AdapterPlugin, Surroundings
from harness.loader.saga_table import SAGA_KEYS
from harness.loader.table import Table
from harness.participant import Participant
from harness.saga import Claim, Correlation


def check_keys(table: Table) -> None:
    """Refuse keys of [saga] that no adapter knows."""
    table.refuse_unknown((*SAGA_KEYS, *(key for plugin in _considered(table) for key in plugin.keys)))


def read_adapter(
    table: Table,
    *,
    claims: frozenset[Claim],
    participants: Sequence[Participant],
    listen: Mapping[str, tuple[str, int]],
    correlation: Correlation | None = None,
) -> SagaAdapter:
    """The saga under test, as its adapter wants it."""
    name = table.text("adapter", nearest("", ADAPTERS.ours))
    if name not in ADAPTERS:
        raise table.wrong("adapter", nearest(name, ADAPTERS))
    plugin = ADAPTERS[name]
    _check_own(table, plugin)
    if not plugin.processes:
        _refuse_listen(table, listen)
    names = [*(one.name for one in participants), *(BUS for one in participants if isinstance(one, Bus))]
    env = _env(table, [url_variable(name) for name in names] if plugin.processes else [])
    keep_secret(env)
    around = Surroundings(
        env=env,
        claims=claims,
        listen=listen,
        correlation=correlation or Correlation(),
        participants=participants,
    )
    return plugin.read(table, around)


def _considered(table: Table) -> Iterator[AdapterPlugin]:
    """Ours and the one that is named: nobody's package is imported for a file that does not name it."""
    yield from ADAPTERS.ours.values()
    named = table.values.get("adapter")
    if isinstance(named, str) and named not in ADAPTERS.ours and named in ADAPTERS:
        yield ADAPTERS[named]


def _refuse_listen(table: Table, listen: Mapping[str, tuple[str, int]]) -> None:
    for participant, address in listen.items():
        where = table.source.where(("participants", participant, "listen"))
        expected = "no fixed address: a callable finds its participants in ctx.urls"
        raise ScenarioError(misplaced(where, f"{address[0]}:{address[1]}", expected))


def _check_own(table: Table, plugin: AdapterPlugin) -> None:
    for other in _considered(table):
        for key in other.keys:
            if table.has(key) and key not in plugin.keys:
                own = ", ".join(plugin.keys)
                expected = f"{own} with adapter = {plugin.name!r}; {key!r} is a key of {other.name!r}"
                raise table.wrong(key, expected)


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
