"""`kind = "state"`: an order that goes from pending to approved to cancelled.

Owns the state of each entity, its transitions, and its version (ETag). An action is a transition, and so is
its undo. What nobody created is there from the start, in the first state. Refuses to guess: a transition from
a state that it does not begin in is refused, and so is one that was undone before it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec

from harness.errors import ScenarioError, misplaced, nearest
from harness.participant.changes import Changes
from harness.participant.ledger import Effect, Incarnation, Lapse, Ledger
from harness.participant.messages import Owner, Reply, Request, Response
from harness.participant.resource import Operation, Repeats, ResourceSpec, Route, actions_of
from harness.saga import Json

PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From any of some states to another. undoes: the transitions that it takes back; none: an action.

    expires_s: seconds after which it is back where it was by itself, unless it has left the state by then.
    """

    name: str
    routes: tuple[Route, ...]
    sources: tuple[str, ...]
    target: str
    undoes: tuple[str, ...] = ()
    expires_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateKind:
    """Raises ScenarioError where a transition names a state or a transition that is none.

    states: the first is where it begins. moves: its transitions. value: the field of requests and answers
    that holds the state. etag: whether answers carry one, and If-Match is heeded. at_most: how many may be
    in a state by sagas that completed; the participant does not look.
    """

    states: tuple[str, ...]
    moves: tuple[Transition, ...]
    value: str = "state"
    etag: bool = False
    at_most: Mapping[str, int] = field(default_factory=dict)
    conserved: ClassVar[bool] = False
    usual_repeats: ClassVar[Repeats] = Repeats.NATURAL

    def __post_init__(self) -> None:
        actions_of(self.moves, "transition")
        for state in self.at_most:
            if state not in self.states:
                raise ScenarioError(misplaced("at_most", state, nearest(state, self.states)))
        for one in self.moves:
            for state in (*one.sources, one.target):
                if state not in self.states:
                    raise ScenarioError(
                        misplaced(f"transition {one.name}", state, nearest(state, self.states))
                    )

    def move(self, name: str) -> Transition:
        """The transition of that name."""
        return next(one for one in self.moves if one.name == name)

    def chosen(self, rivals: Sequence[Operation], request: Request) -> Operation | None:
        """By the state that the body asks for; without one, the only one of the route."""
        wanted = request.fields().get(self.value)
        if rivals[0].verb.queries or (wanted is None and len(rivals) == 1):
            return rivals[0]
        return next((one for one in rivals if self.move(one.label).target == wanted), None)

    def open(self, resource: ResourceSpec, full: str, ledger: Ledger) -> States:
        """Nothing has changed yet."""
        return States(self, resource, Changes(full=full, ledger=ledger))


@dataclass(slots=True)
class _Entity:
    state: str
    version: int = 1
    given: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lapsing:
    """An effect that is over by itself, while the entity is as it left it."""

    id: str
    made: Incarnation
    before: str
    during: str
    version: int
    until_s: float


class States:
    """The entities of one resource in one run."""

    def __init__(self, kind: StateKind, resource: ResourceSpec, changes: Changes) -> None:
        self._kind = kind
        self._resource = resource
        self._changes = changes
        self._entities: dict[str, _Entity] = {}
        self._lapsing: list[_Lapsing] = []
        self._now_s = 0.0

    def lapse(self, now_s: float | None) -> tuple[Lapse, ...]:
        """What is over by itself at a time; None: whatever would be in the end."""
        self._now_s = self._now_s if now_s is None else now_s
        found = []
        for one in [*self._lapsing]:
            entity = self._entities[one.id]
            stands = one.made.live and entity.state == one.during and entity.version == one.version
            if stands and now_s is not None and now_s < one.until_s:
                continue
            self._lapsing.remove(one)
            if stands:
                found.append(
                    self._changes.lapse(
                        one.made, f"{self._go(entity, one.before)}, its time was up", one.until_s
                    )
                )
        return tuple(found)

    def handle(self, operation: Operation, id_: str | None, request: Request, owner: Owner) -> Reply:
        """A transition, or a look at the state."""
        assert id_ is not None, "a route of a state names what it is the state of"
        entity = self._entities.setdefault(id_, _Entity(self._kind.states[0]))
        if operation.verb.queries:
            return Reply(
                response=self._told(id_, entity), shows=self._changes.shown(id_, Owner(saga_id=owner.saga_id))
            )
        move = self._kind.move(operation.label)
        if self._stale(request, entity):
            return self._refused(PRECONDITION_FAILED, "changed since it was read", id_)
        if move.undoes:
            return self._undo(move, id_, entity, owner)
        return self._act(move, id_, entity, owner)

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """The saga that changed it last."""
        del operation
        return self._changes.owner_of(id_)

    def state_of(self, id_: str) -> str:
        """What it is in now."""
        return self._entities[id_].state if id_ in self._entities else self._kind.states[0]

    def _act(self, move: Transition, id_: str, entity: _Entity, owner: Owner) -> Reply:
        if self._changes.is_closed(move.name, id_, owner):
            return self._refused(self._resource.refuses, "undone before it arrived", id_)
        if entity.state == move.target and self._changes.live((move.name,), id_, owner):
            return Reply(response=self._told(id_, entity))
        if entity.state not in move.sources:
            return self._refused(self._resource.refuses, _unfit(entity.state, move.sources), id_)
        before = entity.state
        detail = self._go(entity, move.target)
        made, effect = self._changes.add(move.name, id_, owner, detail)
        if move.expires_s is not None:
            until_s = self._now_s + move.expires_s
            self._lapsing.append(
                _Lapsing(
                    id=id_,
                    made=made,
                    before=before,
                    during=move.target,
                    version=entity.version,
                    until_s=until_s,
                )
            )
        return Reply(response=self._told(id_, entity), effects=(effect,))

    def _undo(self, move: Transition, id_: str, entity: _Entity, owner: Owner) -> Reply:
        saga = Owner(saga_id=owner.saga_id)
        if entity.state not in (*move.sources, move.target):
            return self._refused(self._resource.refuses, _unfit(entity.state, move.sources), id_)
        self._changes.close(move.undoes, id_, saga)
        detail = self._go(entity, move.target) if entity.state != move.target else entity.state
        effects: Iterable[Effect] = (
            self._changes.remove(one, detail) for one in self._changes.live(move.undoes, id_, saga)
        )
        return Reply(response=self._told(id_, entity), effects=tuple(effects))

    def _go(self, entity: _Entity, target: str) -> str:
        detail = f"{entity.state} → {target}"
        entity.state = target
        entity.version += 1
        return detail

    def _stale(self, request: Request, entity: _Entity) -> bool:
        wanted = request.headers.get("if-match")
        return self._kind.etag and wanted not in (None, "*", _etag(entity))

    def _told(self, id_: str, entity: _Entity) -> Response:
        body = {**self._resource.answers.about(id_), self._kind.value: entity.state}
        response = Response.of(200, body)
        if not self._kind.etag:
            return response
        return msgspec.structs.replace(response, headers=(("etag", _etag(entity)),))

    def _refused(self, status: int, error: str, id_: str) -> Reply:
        return Reply(response=self._resource.answers.refusal(status, error, id_))


def _etag(entity: _Entity) -> str:
    return f'"{entity.version}"'


def _unfit(state: str, sources: tuple[str, ...]) -> str:
    return f"it is {state}, and not {' or '.join(sources)}"
