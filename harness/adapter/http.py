"""A saga behind an HTTP service (DESIGN, "Saga under test", 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from harness.adapter.subprocess import addresses_taken
from harness.process_faults import ProcessFault
from harness.saga import Json, Status

PORT = "{port}"
"""What stands for a free port in `base_url`, `start` and `env`."""


class Restart(StrEnum):
    """When the service gets a new process: where a plan kills it, or with each run."""

    WHEN_KILLED = "when_killed"
    EACH_RUN = "each_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPaths:
    """Where a saga is started (POST) and asked for (GET), below the base URL."""

    start: str = "/sagas"
    status: str = "/sagas/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFields:
    """What the service calls the fields of its JSON.

    id, input: of the POST. status, detail: of the answer to a GET, each a name or a path a.b.c. made_id: of
    the answer to the POST, where the service makes ids of its own; None: it takes the one that it is given.
    """

    id: str = "id"
    input: str = "input"
    status: str = "status"
    detail: str = "detail"
    made_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSaga:
    """A service at `base_url`; `start` is the command that starts and restarts it, if that is ours to do.

    Where `{port}` stands in `base_url`, each process of the service gets a free one; it finds it in `start`
    and `env`, by the same place. env is for that command. listen: participant to the host and port that it
    has to have. statuses: the service's words for how a saga stands, beside those of the contract.
    """

    base_url: str
    cwd: Path
    start: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    paths: HttpPaths = field(default_factory=HttpPaths)
    fields: HttpFields = field(default_factory=HttpFields)
    listen: Mapping[str, tuple[str, int]] = field(default_factory=dict, hash=False)
    statuses: Mapping[str, Status] = field(default_factory=dict, hash=False)
    restart: Restart = Restart.WHEN_KILLED

    @property
    def takes_a_port(self) -> bool:
        """Whether each process of the service gets a free port."""
        return PORT in self.base_url

    def at(self, port: int) -> HttpSaga:
        """The same service with a port in every place of one."""
        return replace(
            self,
            base_url=self.base_url.replace(PORT, str(port)),
            start=tuple(word.replace(PORT, str(port)) for word in self.start),
            env={name: value.replace(PORT, str(port)) for name, value in self.env.items()},
        )

    @property
    def name(self) -> str:
        """The base URL, for people."""
        return self.base_url

    @property
    def worlds(self) -> tuple[str, ...]:
        """A service of its own has real sockets and a real clock."""
        return ("wire",)

    @property
    def alone(self) -> str | None:
        """Why its runs cannot go side by side, or None where they can."""
        if self.start and not self.takes_a_port:
            return f"its service listens at {self.base_url}, and has no {PORT} there"
        return addresses_taken(self.listen)

    def unfit(self, process_fault: ProcessFault) -> str | None:
        """A service is killed and restarted where `start` says how; a second one would need its address."""
        if process_fault is ProcessFault.START_AGAIN:
            return None
        if process_fault is ProcessFault.CANCEL:
            return "the contract of a service has no way to cancel a saga"
        if not self.start:
            return "the service has no start command, so it cannot be killed and restarted"
        if process_fault in (ProcessFault.RACE, ProcessFault.FREEZE):
            return "one process of the service runs all executors, so there is no second one to run beside it"
        return None


def found_at(value: Json, path: str) -> Json:
    """What a field of an answer holds, by its name or a path a.b.c; None where there is none."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
