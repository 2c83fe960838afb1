"""The readers of [saga], one module an adapter: what belongs to it alone, and what it makes of that.

Refuses to start anything: what a reader returns is data. A new adapter is a module here, whose
`READER` says it all, and a line in `_MODULES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from harness.loader.adapters.reader import AdapterReader, Surroundings

_MODULES = (
    "callable",
    "subprocess",
    "http",
)


def _reader(module: str) -> AdapterReader:
    reader: AdapterReader = import_module(f"{__name__}.{module}").READER
    return reader


ADAPTERS: Mapping[str, AdapterReader] = MappingProxyType(
    {reader.name: reader for reader in map(_reader, _MODULES)}
)
"""Every adapter by the word that names it."""

__all__ = ["ADAPTERS", "AdapterReader", "Surroundings"]
