"""What a bus owns: types of events, and steps that events stand for.

A resource of a bus is a type of event, or a step that is done by publishing one event and undone by another.
Refuses to deliver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.bus.promise import Broker, Keeping
from harness.cloudevents import read_event
from harness.errors import ScenarioError, misplaced, nearest
from harness.participant import Operation, Owner, Repeats, Reply, Request, ResourceSpec, Response, Route, Verb
from harness.participant.ledger import Change, Effect, Incarnation, Lapse, Ledger
from harness.participant.resource import Kind

DELIVER = "DELIVER"
"""The method of a delivery: no HTTP request of a saga has it."""

EVENTS = "/events"
_PUBLISH = Route(method="POST", path=EVENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStep:
    """A step that events stand for: it is done where `done` was published, undone where `undone` was."""

    name: str
    done: str
    undone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Published:
    """As a move of `harness.participant.resource`."""

    name: str
    undoes: tuple[str, ...] = ()
    routes: tuple[Route, ...] = (_PUBLISH,)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """What a resource of a bus is. order: which one the bus keeps. step: None for a mere type of event.

    broker: what carries its messages on the wire.
    """

    order: Keeping
    broker: Broker | None = None
    step: EventStep | None = None
    usual_repeats: ClassVar[Repeats] = Repeats.NATURAL
    conserved: ClassVar[bool] = False

    @property
    def moves(self) -> Sequence[_Published]:
        """The event that does the step, and the one that undoes it."""
        if self.step is None:
            return ()
        undone = self.step.undone
        undo = () if undone is None else (_Published(name=undone, undoes=(self.step.done,)),)
        return (_Published(name=self.step.done), *undo)

    def chosen(self, rivals: Sequence[Operation], request: Request) -> Operation | None:
        """The type that an event names."""
        del request
        return rivals[0] if rivals else None

    def open(self, resource: ResourceSpec, full: str, ledger: Ledger) -> StepEvents:
        """What is there in one run."""
        del resource
        return StepEvents(full, ledger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A service that takes events of these types at a URL. name: of its subscription; else it is the URL."""

    types: tuple[str, ...]
    url: str
    name: str = ""


def order_of(operation: Operation) -> Keeping | None:
    """The order that the bus of an operation keeps; None where it belongs to no bus."""
    kind = operation.resource.kind
    return kind.order if isinstance(kind, EventKind) else None


def broker_of(operation: Operation) -> Broker | None:
    """What carries the messages of an operation's bus on the wire; None where the bus itself does."""
    kind = operation.resource.kind
    return kind.broker if isinstance(kind, EventKind) else None


class StepEvents:
    """What was done and undone by events of one step. The same event twice is one: source and id say so."""

    def __init__(self, full: str, ledger: Ledger) -> None:
        self._full = full
        self._ledger = ledger
        self._seen: set[tuple[str, str]] = set()

    def handle(self, operation: Operation, id_: str | None, request: Request, owner: Owner) -> Reply:
        """A publish of the event `id_`."""
        event = read_event(request.headers, request.body)
        if id_ is None or (event.source, id_) in self._seen:
            return Reply(response=Response(status=201))
        self._seen.add((event.source, id_))
        effects = self._undo(owner) if operation.undoes else self._do(operation, id_, owner)
        return Reply(response=Response(status=201), effects=effects)

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """Whose an event is."""
        del operation
        found = self._ledger.latest(self._full, id_)
        return None if found is None else Owner(saga_id=found.saga_id, step=found.step)

    def lapse(self, now_s: float | None) -> tuple[Lapse, ...]:
        """What was published stays so."""
        del now_s
        return ()

    def _do(self, operation: Operation, id_: str, owner: Owner) -> tuple[Effect, ...]:
        made = self._ledger.create(
            resource=self._full, id_=id_, saga_id=owner.saga_id, step=owner.step, key=None, whole=True
        )
        return (_effect(made, Change.CREATED, operation.label),)

    def _undo(self, owner: Owner) -> tuple[Effect, ...]:
        made = list(self._ledger.of_saga(self._full, owner.saga_id))
        live = [one for one in made if one.live]
        if not live:
            return tuple(_effect(one, Change.REMOVED_AGAIN, "") for one in made[-1:])
        for one in live:
            one.live = False
        return tuple(_effect(one, Change.REMOVED, "") for one in live)


def _effect(one: Incarnation, change: Change, detail: str) -> Effect:
    return Effect(
        change=change,
        resource=one.resource,
        incarnation=one.number,
        saga_id=one.saga_id,
        step=one.step,
        detail=f"{detail} published" if detail else "",
    )


def resources_of(
    events: Sequence[str], steps: Sequence[EventStep], order: Keeping, broker: Broker | None = None
) -> tuple[ResourceSpec, ...]:
    """A resource for each type of event, and one for each step. Raises ScenarioError for shared names."""
    taken = [*events, *(one.name for one in steps)]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    if twice:
        raise ScenarioError(misplaced("bus", twice[0], "a name of its own for each event and step"))
    for step in steps:
        for named in (step.done, *((step.undone,) if step.undone else ())):
            if named not in events:
                raise ScenarioError(misplaced(f"bus, step {step.name!r}", named, nearest(named, events)))
    routes: Mapping[Verb, tuple[Route, ...]] = {Verb.CREATE: (_PUBLISH,)}
    undone: Mapping[Verb, tuple[Route, ...]] = {Verb.CREATE: (_PUBLISH,), Verb.DELETE: (_PUBLISH,)}
    plain = (_resource(name, EventKind(order=order, broker=broker), routes) for name in events)
    standing = (
        _resource(one.name, EventKind(order=order, broker=broker, step=one), undone if one.undone else routes)
        for one in steps
    )
    return (*plain, *standing)


def _resource(name: str, kind: Kind, routes: Mapping[Verb, tuple[Route, ...]]) -> ResourceSpec:
    return ResourceSpec(name=name, routes=routes, repeats=Repeats.NATURAL, kind=kind)
