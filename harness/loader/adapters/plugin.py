"""What an adapter is made of: how it is read, launched on the wire, scaffolded and called by hand.

Owns the one place where a shape of saga says all that the harness has to know of it; what a saga of
that shape can stand, its `SagaAdapter` says. Refuses to start anything: a launcher is named, and
imported when a run needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.adapter import SagaAdapter
from harness.loader.table import Table
from harness.participant import Participant
from harness.saga import Claim, Correlation, Json

_COMMAND = "a command as a list of texts, like ['node', 'saga.js']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rest of the file says that an adapter may need."""

    env: Mapping[str, str]
    claims: frozenset[Claim]
    listen: Mapping[str, tuple[str, int]]
    correlation: Correlation = field(default_factory=Correlation)
    participants: Sequence[Participant] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How the wire runs sagas of one class.

    makes: the class of `SagaAdapter` that it runs. by: `module:function`, called with the saga, the
    `Stage` of the run and its plan; it returns `Executors` (`harness.worlds.wire.executors.stage`).
    killable: the same for plans that kill the saga's process, where `by` runs it in ours; empty: `by` too.
    """

    makes: type[SagaAdapter]
    by: str
    killable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """What `saga-chaos scaffold` writes.

    saga: the lines below [saga]. files: name to text, in which @NAME@ stands for the scenario and
    @STEPS@ for its steps. then: what to do next, `{folder}` and `{toml}` filled in. run: a hint behind
    the command that searches it. described: the files for participants of an OpenAPI document, in which
    @STEPS@ stands for what each step sends and @KEY_HEADER@ for the header of keys; None: there are none.
    """

    saga: str
    files: Callable[[], Mapping[str, str]]
    then: tuple[str, ...]
    run: str = ""
    described: Callable[[], Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualCall:
    """What a person who calls a saga by hand has to give it. env: what each run sets itself."""

    input: Json
    urls: Mapping[str, str]
    store_dir: Path


def _no_command(saga: SagaAdapter, call: ManualCall) -> str:
    del saga, call
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterPlugin:
    """One adapter.

    name: the word behind `adapter =`. keys: those of [saga] that belong to this adapter alone.
    read: makes the saga; raises ScenarioError. processes: it starts or calls some, which `env` is for.
    launch: None where it makes sagas of a class that another adapter launches, a `CallableSaga` say.
    scaffold: None where there is none. manual_command: a line for a shell; empty where a traceback tells
    more.
    """

    name: str
    keys: tuple[str, ...]
    read: Callable[[Table, Surroundings], SagaAdapter]
    processes: bool = True
    launch: Launch | None = None
    scaffold: Scaffold | None = None
    manual_command: Callable[[SagaAdapter, ManualCall], str] = field(default=_no_command)


def read_command(table: Table, key: str) -> tuple[str, ...]:
    """A command as a list of texts."""
    command = table.texts(key, _COMMAND)
    if not command:
        raise table.wrong(key, _COMMAND)
    return command
