"""`--latency`: a profile by its name, or from a TOML file of one's own.

Owns the keys of that file. What a profile means stands in `harness.latency_profile`.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError, misplaced
from harness.latency_profile import PROFILES, LatencyProfile, Link
from harness.loader.source import read_toml
from harness.loader.table import Table

_MOST_MS = 60_000
_KEYS = ("one_way_ms", "jitter_ms")


def read_profile(text: str) -> LatencyProfile:
    """Raises UsageError for what is neither, ScenarioError for what is wrong in a file, with its line.

    The file: `one_way_ms = 20`, `jitter_ms = 5`, and for participants that are nearer or farther
    `[participants.payments]` with the same keys.
    """
    if text in PROFILES:
        return PROFILES[text]
    path = Path(text)
    if not path.is_file():
        raise UsageError(misplaced("--latency", text, f"{', '.join(PROFILES)}, or a TOML file"))
    source, values = read_toml(text, path)
    top = Table(source=source, path=(), values=values)
    top.refuse_unknown((*_KEYS, "participants"))
    expected = "a table with one_way_ms"
    links = {
        name: _link(table, inner=True) for name, table in top.table_or_empty("participants").named(expected)
    }
    return LatencyProfile(name=path.name, link=_link(top), links=links)


def _link(table: Table, *, inner: bool = False) -> Link:
    if inner:
        table.refuse_unknown(_KEYS)
    if not table.has("one_way_ms"):
        raise table.missing("one_way_ms", "milliseconds each way, a whole number")
    one_way_ms = table.whole("one_way_ms", "milliseconds each way, a whole number", 0)
    jitter_ms = table.whole("jitter_ms", "milliseconds more or fewer, a whole number", 0)
    if not 0 <= one_way_ms <= _MOST_MS:
        raise table.wrong("one_way_ms", f"0 to {_MOST_MS:,} ms")
    if not 0 <= jitter_ms <= one_way_ms:
        raise table.wrong("jitter_ms", f"0 to one_way_ms, which is {one_way_ms}")
    return Link(one_way_ms=one_way_ms, jitter_ms=jitter_ms)
