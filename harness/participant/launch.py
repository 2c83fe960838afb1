"""How a service of the user's comes to be there, and who says what it holds: data of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.participant.upstream import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a service of the user's comes to be there: at a fixed address, or started by us.

    start: a command; `{port}` and `{folder}` in it and in `env` are ours to fill in. health: a path that
    answers 2xx once the service is up; empty: it listens. reset: a request that empties it before a run.
    headers: of what we ask it ourselves. where: of the participant, for messages.
    """

    address: Address | None = None
    start: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path()
    health: str = ""
    reset: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a function that says what a service holds is given.

    saga_id: of which saga. url: where the service is. folder: what `{folder}` stands for at a service that is
    started here; the current one at a url.
    """

    saga_id: str
    url: str
    folder: Path


Holdings = Callable[[Asked], Iterable[str | int]]
"""The ids of what a service holds of a saga, whatever it looks at."""
