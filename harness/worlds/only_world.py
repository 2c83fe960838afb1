"""One world at a time in a process: each takes over httpx, and the last one in would win."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.errors import UsageError, misplaced

_open: list[str] = []


@contextmanager
def only_world(name: str) -> Iterator[None]:
    """Hold the process for a world. Raises UsageError while another one is open."""
    if _open:
        where = f"{name} world: open another one in this process"
        raise UsageError(misplaced(where, f"the {_open[0]} world open", "one at a time; leave it first"))
    _open.append(name)
    try:
        yield
    finally:
        _open.clear()
