"""A resource as declared: its routes and its behaviour. Pure data, compiled once into matchers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeVar

from harness.errors import ScenarioError, misplaced, nearest
from harness.participant.answers import Answers
from harness.participant.ledger import Lapse, Ledger
from harness.participant.messages import Owner, Reply, Request

_ROUTE = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) (/\S*)$")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Verb(StrEnum):
    """What a route of a resource does."""

    CREATE = "create"
    DELETE = "delete"
    DELETE_BY_SAGA = "delete_by_saga"
    GET = "get"
    FIND = "find"

    __hash__ = str.__hash__  # Enum has one in Python, and every call asks for it

    @property
    def undoes(self) -> bool:
        """Any delete route undoes (RULES §2)."""
        return self in (Verb.DELETE, Verb.DELETE_BY_SAGA)

    @property
    def queries(self) -> bool:
        """Asks and changes nothing."""
        return self in (Verb.GET, Verb.FIND)


class Repeats(StrEnum):
    """What a repeated create comes to."""

    KEY = "key"
    NATURAL = "natural"
    NONE = "none"


class Own(StrEnum):
    """How a service of the user's comes to be there."""

    AT_URL = "url"
    STARTED = "start"


class UndoAnswers(StrEnum):
    """Whether an undo takes effect at once, or answers 202 and does when it is sent again.

    Of an action, too: one that was accepted is done once it is asked for, or sent again.
    """

    DONE = "done"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method and a path. `{id}` in it stands for what it is about, any other placeholder for any text.

    Raises ScenarioError where it is neither.
    """

    method: str
    path: str

    @classmethod
    def parse(cls, text: str, where: str) -> Route:
        """From `"POST /reservations/{id}"`."""
        found = _ROUTE.match(text)
        if found is None:
            raise ScenarioError(
                misplaced(where, text, "a method and a path, like 'POST /charges/{id}/refunds'")
            )
        return cls(method=found[1], path=found[2])

    def pattern(self) -> re.Pattern[str]:
        """Matches a path; the group `id` is what stands in `{id}`."""
        parts = _PLACEHOLDER.split(self.path.rstrip("/"))
        # Every second part is the name of a placeholder.
        written = [
            (r"(?P<id>[^/]+)" if part == "id" else "[^/]+") if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        ]
        return re.compile(f"^{''.join(written)}/?$")


def routes(resource: str, **by_verb: str) -> Mapping[Verb, tuple[Route, ...]]:
    """From `create="POST /charges", …`. Raises ScenarioError where one is not a method and a path."""
    return {
        Verb(name): (Route.parse(text, f"resource {resource!r}, {name}"),) for name, text in by_verb.items()
    }


@dataclass(frozen=True, kw_only=True)
class ResourceSpec:
    """What a participant owns: routes by verb, and the behaviour of RULES §6.

    kind: what it is, where it is no record that is created and deleted.
    own: it belongs to a service of the user's, of which only the answers are known. tombstones: an undo is
    remembered, and a create that comes after it is refused. at_most: how many of it sagas that completed may
    have between them; the participant does not look. expires_s: seconds after which a record is gone by
    itself, unless a create of a resource that `confirms` it came before. confirms: the name of such a
    resource of the same participant.
    """

    name: str
    routes: Mapping[Verb, tuple[Route, ...]]
    repeats: Repeats = Repeats.KEY
    undo_answers: UndoAnswers = UndoAnswers.DONE
    action_answers: UndoAnswers = UndoAnswers.DONE
    refuses: int = 409
    tombstones: bool = True
    at_most: int | None = None
    expires_s: float | None = None
    confirms: str | None = None
    own: Own | None = None
    answers: Answers = field(default_factory=Answers)
    kind: Kind | None = None

    def has(self, verb: Verb) -> bool:
        """Whether any route serves the verb."""
        return bool(self.routes.get(verb))

    @cached_property
    def id_is_chosen(self) -> bool:
        """Whether the caller says in the path of a create what is made is to be called."""
        return self.kind is None and any("{id}" in route.path for route in self.routes.get(Verb.CREATE, ()))

    @cached_property
    def found_again(self) -> bool:
        """Whether a saga that lost a reply can still find or undo what it made (RULES §6)."""
        # What is there already is undone by an id that the saga knows beforehand.
        known = self.kind is not None or self.has(Verb.DELETE_BY_SAGA)
        return known or self.has(Verb.FIND) or self.repeats is not Repeats.NONE

    @cached_property
    def survives_late(self) -> bool:
        """Whether a create that lands late can be withstood (RULES §6)."""
        if self.own is not None and not self.tombstones:
            return False
        known = self.kind is not None or self.has(Verb.DELETE_BY_SAGA)
        return known or self.repeats is not Repeats.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One endpoint of a participant. `name`: the full one, `participant.resource.verb`.

    of_resource: `participant.resource`.
    label: in place of the verb, where several go forward or back. undoes: the full names of the operations
    that it takes back, where it does not take back all of its resource. delivery: it is a message that comes
    to the saga, and no request of the saga's.
    """

    participant: str
    resource: ResourceSpec
    verb: Verb
    label: str = ""
    undoes: tuple[str, ...] = ()
    delivery: bool = False
    name: str = field(init=False, repr=False, compare=False)
    of_resource: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "of_resource", f"{self.participant}.{self.resource.name}")
        object.__setattr__(self, "name", f"{self.participant}.{self.resource.name}.{self.label or self.verb}")


@dataclass(frozen=True, slots=True)
class Matched:
    """A request's operation, and the resource id in its path."""

    operation: Operation
    id: str | None


class Move(Protocol):
    """One thing that can be done to what is there. undoes: the moves that it takes back; none: an action."""

    @property
    def name(self) -> str:
        """Unique at its resource; its operation is `participant.resource.name`."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """Where it is asked for. Moves may share a route."""

    @property
    def undoes(self) -> tuple[str, ...]:
        """Names of moves."""


class Kind(Protocol):
    """What a resource is, where it is no record."""

    @property
    def moves(self) -> Sequence[Move]:
        """In the order of their declaration."""

    @property
    def usual_repeats(self) -> Repeats:
        """How its moves are repeated where a resource does not say."""

    @property
    def conserved(self) -> bool:
        """Whether the amounts that a saga moved have to come to zero once it ended."""

    def chosen(self, rivals: Sequence[Operation], request: Request) -> Operation | None:
        """Which of the operations that share a route is meant; None: none of them."""

    def open(self, resource: ResourceSpec, full: str, ledger: Ledger) -> Behaviour:
        """What it is in one run. `full`: `participant.resource`."""


class Behaviour(Protocol):
    """What is there in one run."""

    def handle(self, operation: Operation, id_: str | None, request: Request, owner: Owner) -> Reply:
        """Deliver one request."""

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """Whose the newest change behind an id is."""

    def lapse(self, now_s: float | None) -> tuple[Lapse, ...]:
        """What is over by itself at a time of the run; None: whatever would be in the end."""


M = TypeVar("M", bound=Move)


def actions_of(moves: Sequence[M], word: str) -> Mapping[str, M]:
    """The moves that are actions, by name. Raises ScenarioError where one takes back what is none of them.

    word: what a move is called, for the message.
    """
    actions = {one.name: one for one in moves if not one.undoes}
    for one in moves:
        for undone in one.undoes:
            if undone not in actions:
                raise ScenarioError(misplaced(f"{word} {one.name}, undoes", undone, nearest(undone, actions)))
    return actions


def kind_resource(
    name: str,
    kind: Kind,
    *,
    get: tuple[Route, ...] = (),
    repeats: Repeats | None = None,
    refuses: int = 409,
    answers: Answers | None = None,
) -> ResourceSpec:
    """A resource of a kind. repeats: None: as is usual for the kind. refuses: a move that cannot be made."""
    actions = tuple(route for move in kind.moves if not move.undoes for route in move.routes)
    undoes = tuple(route for move in kind.moves if move.undoes for route in move.routes)
    every = {Verb.CREATE: actions, Verb.DELETE: undoes, Verb.GET: get}
    return ResourceSpec(
        name=name,
        routes={verb: routes for verb, routes in every.items() if routes},
        repeats=kind.usual_repeats if repeats is None else repeats,
        refuses=refuses,
        answers=answers or Answers(),
        kind=kind,
    )
