"""What a saga is made of: steps, each with the calls that do it, undo it and ask about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Self, TypeVar

from scenarios.orchestrator.policy import RetryPolicy

D = TypeVar("D")


_compact = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


class DefinitionError(ValueError):
    """A definition that no orchestrator could run to a sound end."""


class Kind(StrEnum):
    """Undone on abort; the point of no return; retried forward."""

    COMPENSABLE = "compensable"
    PIVOT = "pivot"
    RETRIABLE = "retriable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to a service. Bytes, so that every retry sends the same ones.

    timeout_s: of each attempt; None: the orchestrator's. headers: beside the key and the content type.
    """

    service: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None

    @classmethod
    def post(cls, service: str, path: str, fields: Mapping[str, object]) -> Call:
        """A POST of JSON fields."""
        body = _compact(fields).encode()
        return cls(service=service, method="POST", path=path, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext(Generic[D]):
    """What a step's calls are made from. `resource_id` is None where the step is in doubt.

    made: what the steps before it made, by their names.
    """

    saga_id: str
    data: D
    resource_id: str | None = None
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def of_saga(self) -> tuple[tuple[str, str], ...]:
        """The query for what belongs to this saga."""
        return (("saga_id", self.saga_id),)


MakeCall = Callable[[StepContext[D]], Call]
Applies = Callable[[D], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[D]):
    """One step. `compensation` must be able to undo without a resource id: a reply may be lost.

    verified_by: asked once it is done; unless that is answered well, the step has failed. looked_at_by: asked
    before what it made is undone by id; where that is gone, there is nothing to undo.
    when: whether an input needs the step at all; one that it does not need is neither done nor undone.
    timeout_s: of each attempt. retry: its forward recovery, where it is not the orchestrator's.
    """

    name: str
    action: MakeCall[D]
    compensation: MakeCall[D] | None = None
    found_by: MakeCall[D] | None = None
    verified_by: MakeCall[D] | None = None
    looked_at_by: MakeCall[D] | None = None
    kind: Kind = Kind.COMPENSABLE
    when: Applies[D] | None = None
    timeout_s: float | None = None
    retry: RetryPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaDefinition(Generic[D]):
    """Built by a `SagaBuilder`, which checks it."""

    name: str
    steps: tuple[Step[D], ...]

    def needed(self, data: D) -> tuple[Step[D], ...]:
        """The steps that an input needs."""
        return tuple(step for step in self.steps if step.when is None or step.when(data))


@dataclass(slots=True)
class _Draft(Generic[D]):
    name: str
    action: MakeCall[D] | None = None
    compensation: MakeCall[D] | None = None
    found_by: MakeCall[D] | None = None
    verified_by: MakeCall[D] | None = None
    looked_at_by: MakeCall[D] | None = None
    kind: Kind = Kind.COMPENSABLE
    when: Applies[D] | None = None
    timeout_s: float | None = None
    retry: RetryPolicy | None = None


class SagaBuilder(Generic[D]):
    """`SagaBuilder("Order").step("reserve").action(…).compensation(…).step(…)….build()`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._drafts: list[_Draft[D]] = []

    def step(self, name: str) -> Self:
        """Begin the next step; what follows describes it."""
        self._drafts.append(_Draft(name))
        return self

    def action(self, make: MakeCall[D]) -> Self:
        """The call that does it."""
        self._current.action = make
        return self

    def compensation(self, make: MakeCall[D]) -> Self:
        """The call that undoes it, whether or not it was applied."""
        self._current.compensation = make
        return self

    def found_by(self, make: MakeCall[D]) -> Self:
        """The query that tells whether it was applied."""
        self._current.found_by = make
        return self

    def verified_by(self, make: MakeCall[D]) -> Self:
        """The query that has to be answered well before it counts as done."""
        self._current.verified_by = make
        return self

    def looked_at_by(self, make: MakeCall[D]) -> Self:
        """The query for what it made, by id: what is gone need not be undone."""
        self._current.looked_at_by = make
        return self

    def when(self, applies: Applies[D]) -> Self:
        """Only inputs for which this is true need it."""
        self._current.when = applies
        return self

    def timeout(self, seconds: float) -> Self:
        """Each attempt of it waits so long for its reply."""
        self._current.timeout_s = seconds
        return self

    def with_retry(self, max_attempts: int, backoff_s: float) -> Self:
        """Its own forward recovery: so many attempts, and exponential back-off between them."""
        self._current.retry = RetryPolicy.exponential(max_attempts, backoff_s)
        return self

    def pivot(self) -> Self:
        """It is the point of no return."""
        self._current.kind = Kind.PIVOT
        return self

    def retriable(self) -> Self:
        """It comes after the point of no return, and is retried forward."""
        self._current.kind = Kind.RETRIABLE
        return self

    def build(self) -> SagaDefinition[D]:
        """Raise DefinitionError where the steps do not make a saga."""
        if not self._drafts:
            raise DefinitionError(f"saga {self._name!r}: found no step, expected at least one")
        names = [draft.name for draft in self._drafts]
        for name in names:
            if names.count(name) > 1:
                raise DefinitionError(f"saga {self._name!r}: found step {name!r} twice, expected once")
        self._check_kinds()
        return SagaDefinition(name=self._name, steps=tuple(self._built(draft) for draft in self._drafts))

    @property
    def _current(self) -> _Draft[D]:
        if not self._drafts:
            raise DefinitionError(f"saga {self._name!r}: found a part of a step, expected .step(name) first")
        return self._drafts[-1]

    def _check_kinds(self) -> None:
        decided = False
        for draft in self._drafts:
            where = f"saga {self._name!r}, step {draft.name!r}"
            if decided and draft.kind is not Kind.RETRIABLE:
                raise DefinitionError(f"{where}: found {draft.kind} after the pivot, expected retriable")
            if not decided and draft.kind is Kind.RETRIABLE:
                raise DefinitionError(f"{where}: found retriable, expected a pivot before it")
            if draft.kind is not Kind.COMPENSABLE and draft.compensation is not None:
                raise DefinitionError(f"{where}: found a compensation, expected none from the pivot on")
            decided = decided or draft.kind is Kind.PIVOT

    def _built(self, draft: _Draft[D]) -> Step[D]:
        if draft.action is None:
            raise DefinitionError(f"saga {self._name!r}, step {draft.name!r}: found no action, expected one")
        return Step(
            name=draft.name,
            action=draft.action,
            compensation=draft.compensation,
            found_by=draft.found_by,
            verified_by=draft.verified_by,
            looked_at_by=draft.looked_at_by,
            kind=draft.kind,
            when=draft.when,
            timeout_s=draft.timeout_s,
            retry=draft.retry,
        )
