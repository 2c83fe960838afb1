"""What the requests of a saga tell its participants: keys, whose they are, and what of its input.

A history keeps who called what, and not what a request said; here the participants write that down,
in a file, because they work in another process. Refuses to change what they answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import msgspec

from harness.bus import Bus
from harness.participant import (
    Matched,
    Operation,
    Owner,
    OwnService,
    Participant,
    Reply,
    Request,
    ResourceSpec,
)
from harness.saga import Json
from harness.scenario import Scenario


class LoggedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request. owes_key: the participant heeds one there. named: it says whose it is, by saga_id.

    says: the plain values in it.
    """

    operation: str
    owes_key: bool
    key: str | None
    named: bool
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestLog:
    """Loads as `load` does, with participants that listen; a worker process gets it by pickling."""

    load: Callable[[str], Scenario]
    file: Path

    def __call__(self, reference: str) -> Scenario:
        """The same scenario."""
        scenario = self.load(reference)
        participants = tuple(self._logged(one) for one in scenario.participants)
        return replace(scenario, participants=participants)

    def _logged(self, participant: Participant) -> Participant:
        if isinstance(participant, Bus):
            return participant  # events name their saga as the adapter has it, and a bus heeds no keys
        if isinstance(participant, OwnService):
            logged = _Logged(participant, self.file)
            return participant.heard_by(logged.write)
        return _Logged(participant, self.file)

    def requests(self) -> tuple[LoggedRequest, ...]:
        """What was heard so far."""
        lines = self.file.read_bytes().splitlines() if self.file.exists() else []
        return tuple(msgspec.json.decode(line, type=LoggedRequest) for line in lines)


def plain_values(content: Json) -> Iterator[str]:
    """What stands in a JSON value, names aside, each as text."""
    if isinstance(content, Mapping):
        for value in content.values():
            yield from plain_values(value)
    elif isinstance(content, Sequence) and not isinstance(content, str):
        for value in content:
            yield from plain_values(value)
    elif content is not None:
        yield str(content)


@dataclass(frozen=True, slots=True)
class _Logged:
    """A participant whose requests are written down before it handles them."""

    inner: Participant
    log_file: Path

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def resources(self) -> Sequence[ResourceSpec]:
        return self.inner.resources

    @property
    def operations(self) -> Mapping[str, Operation]:
        return self.inner.operations

    def fresh(self) -> Self:
        return replace(self, inner=self.inner.fresh())

    def match(self, request: Request) -> Matched | None:
        return self.inner.match(request)

    def key_of(self, request: Request) -> str | None:
        return self.inner.key_of(request)

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        return self.inner.heeds_key(operation, request)

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        return self.inner.owner_of(operation, id_)

    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        self.write(operation, request)
        return self.inner.handle(operation, id_, request, owner, part=part)

    def write(self, operation: Operation, request: Request) -> None:
        """A line for a request."""
        fields = request.fields()
        heard = LoggedRequest(
            operation=operation.name,
            owes_key=self.heeds_key(operation, request),
            key=self.key_of(request),
            named=bool(fields.get("saga_id") or request.query.get("saga_id")),
            says=(*plain_values(fields), *request.query.values()),
        )
        with self.log_file.open("ab") as file:
            file.write(msgspec.json.encode(heard) + b"\n")
