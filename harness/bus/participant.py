"""The bus as a participant: it accepts events, and says in its reply what was published.

`POST /events` takes a CloudEvent, binary or structured. Owns which operation a request is: a publish and a
delivery are operations for each type of event. Refuses to deliver: a world does, by `MessageQueue`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Self

from harness.bus.promise import Broker, Promise
from harness.bus.types import DELIVER, EVENTS, EventStep, StepEvents, Subscriber, resources_of
from harness.cloudevents import CloudEvent, NotACloudEvent, read_event
from harness.errors import ScenarioError, misplaced, nearest
from harness.participant import Matched, Operation, Owner, Reply, Request, ResourceSpec, Response, Verb
from harness.participant.ledger import Ledger


class Bus:
    """An at-least-once bus. See `Promise` for what it promises, `resources_of` for what it refuses.

    name: of the participant. events: every type that may be published. steps: those that events stand for.
    subscribers: services that take events, on the wire alone; others subscribe while a run goes on.
    broker: what carries the messages on the wire; None: the bus itself does, over HTTP.
    """

    def __init__(
        self,
        name: str,
        events: Sequence[str],
        *,
        promise: Promise | None = None,
        steps: Sequence[EventStep] = (),
        subscribers: Sequence[Subscriber] = (),
        broker: Broker | None = None,
    ) -> None:
        if not events:
            raise ScenarioError(
                misplaced(f"bus {name!r}, events", list(events), "at least one type of event")
            )
        self.name = name
        self.events = tuple(events)
        self.promise = promise or Promise()
        self.steps = tuple(steps)
        self.subscribers = tuple(subscribers)
        self.broker = broker
        self._ledger = Ledger()
        self._behaviours: dict[str, StepEvents] = {}

    @cached_property
    def resources(self) -> Sequence[ResourceSpec]:
        """One for each type of event and each step that events stand for."""
        return resources_of(self.events, self.steps, self.promise.order, self.broker)

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """`events.OrderPlaced.publish` and `.deliver`; of a step that events stand for the event itself."""
        made: list[Operation] = []
        by_name = {one.name: one for one in self.resources}
        for event in self.events:
            made.append(self._operation(by_name[event], Verb.GET, "deliver", delivery=True))
            if not any(event in (step.done, step.undone) for step in self.steps):
                made.append(self._operation(by_name[event], Verb.CREATE, "publish"))
        for step in self.steps:
            done = self._operation(by_name[step.name], Verb.CREATE, step.done)
            made.append(done)
            if step.undone is not None:
                made.append(
                    self._operation(by_name[step.name], Verb.DELETE, step.undone, undoes=(done.name,))
                )
        return {one.name: one for one in made}

    def fresh(self) -> Self:
        """The same bus with nothing published."""
        made = type(self)(
            self.name,
            self.events,
            promise=self.promise,
            steps=self.steps,
            subscribers=self.subscribers,
            broker=self.broker,
        )
        made.__dict__["resources"] = self.resources
        made.__dict__["operations"] = self.operations
        made.__dict__["_publishes"] = self._publishes
        return made

    def match(self, request: Request) -> Matched | None:
        """The publish of the type that an event names, or its delivery."""
        if request.method == DELIVER:
            return Matched(self.operations[f"{self.name}.{request.path[1:]}.deliver"], None)
        if request.method != "POST" or request.path.rstrip("/") != EVENTS:
            return None
        try:
            event = read_event(request.headers, request.body)
        except NotACloudEvent:
            return None
        operation = self._publishes.get(event.type)
        return None if operation is None else Matched(operation, None)

    def refusal(self, request: Request) -> Response:
        """The answer to what `match` finds nothing for."""
        if request.method != "POST" or request.path.rstrip("/") != EVENTS:
            return Response.of(404, {"error": f"no route {request.method} {request.path} at {self.name}"})
        try:
            event = read_event(request.headers, request.body)
        except NotACloudEvent as error:
            return Response.of(400, {"error": str(error)})
        expected = nearest(event.type, self.events)
        return Response.of(422, {"error": misplaced(f"{self.name}, type", event.type, expected)})

    def key_of(self, request: Request) -> str | None:
        """A bus heeds no keys: an event that is published twice is delivered twice."""
        del request
        return None

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        """Never."""
        del operation, request
        return False

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """No route has an id in it."""
        del operation, id_
        return None

    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        """Accept an event; the reply tells it in `published`."""
        del id_, part
        event = read_event(request.headers, request.body)
        reply = Reply(response=Response.of(201, {"id": event.id}), published=event)
        if operation.label == "publish":
            return reply
        effects = self._behaviour(operation).handle(operation, event.id, request, owner).effects
        return Reply(response=reply.response, effects=effects, published=event)

    @cached_property
    def _publishes(self) -> Mapping[str, Operation]:
        """By type of event."""
        return {
            one.resource.name if one.label == "publish" else one.label: one
            for one in self.operations.values()
            if not one.delivery
        }

    def _behaviour(self, operation: Operation) -> StepEvents:
        full = f"{self.name}.{operation.resource.name}"
        return self._behaviours.setdefault(full, StepEvents(full, self._ledger))

    def _operation(
        self,
        resource: ResourceSpec,
        verb: Verb,
        label: str,
        *,
        delivery: bool = False,
        undoes: tuple[str, ...] = (),
    ) -> Operation:
        return Operation(
            participant=self.name, resource=resource, verb=verb, label=label, undoes=undoes, delivery=delivery
        )


def delivery_of(event: CloudEvent, carried: Mapping[str, str]) -> Request:
    """The request by which an event is delivered. carried: further headers that it was published with."""
    headers, body = event.binary()
    return Request(method=DELIVER, path=f"/{event.type}", query={}, headers={**carried, **headers}, body=body)


_OF_ONE_HOP = frozenset(
    {"host", "connection", "content-length", "content-type", "accept", "accept-encoding", "user-agent"}
)


def carried_by(request: Request) -> Mapping[str, str]:
    """The headers of a publish that go along with its event, those of the event itself aside."""
    return {
        name: value
        for name, value in request.headers.items()
        if name not in _OF_ONE_HOP and not name.startswith("ce-")
    }
