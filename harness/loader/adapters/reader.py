"""What an adapter's reader is given, and what it has to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.adapter import SagaAdapter
from harness.loader.table import Table
from harness.saga import Claim

_COMMAND = "a command as a list of texts, like ['node', 'saga.js']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rest of the file says that an adapter may need."""

    env: Mapping[str, str]
    claims: frozenset[Claim]
    listen: Mapping[str, tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterReader:
    """How one adapter is read from [saga].

    name: the word behind `adapter =`. keys: those that belong to this adapter alone.
    processes: it starts or calls some.
    """

    name: str
    keys: tuple[str, ...]
    read: Callable[[Table, Surroundings], SagaAdapter]
    processes: bool = True


def read_command(table: Table, key: str) -> tuple[str, ...]:
    """A command as a list of texts."""
    command = table.texts(key, _COMMAND)
    if not command:
        raise table.wrong(key, _COMMAND)
    return command
