"""A participant that is the user's own service: requests are forwarded, and effects learned from answers.

Owns what an answer of a declared route says about what was applied, and how the service is reached. Refuses
to start it (`harness.worlds.wire.own_services`), and to believe it: what it holds in the end is asked there.

    a create answered 2xx     made one, under the id in its answer; the same id again, while it is there, and
                              the same key with the same id at any time, is a replay
    a delete answered 2xx     removed the one behind its id; by saga: all of the saga
    202, 5xx, no answer       nothing is known yet
    a query that shows an id  nobody knows it: a create in doubt of that saga made it after all
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Self

from harness.participant.ledger import Change, Effect, Incarnation, Ledger
from harness.participant.messages import Owner, Reply, Request, Response
from harness.participant.resource import Matched, Operation, Repeats, ResourceSpec, Verb
from harness.participant.router import Router
from harness.participant.upstream import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a service of the user's comes to be there: at a fixed address, or started by us.

    start: a command; `{port}` and `{folder}` in it and in `env` are ours to fill in. health: a path that
    answers 2xx once the service is up; empty: it listens. reset: a request that empties it before a run.
    where: of the participant, for messages.
    """

    address: Address | None = None
    start: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path()
    health: str = ""
    reset: str = ""
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


class OwnService:
    """One service in one run. holds: resource to what says what is held of a saga, a route or a function."""

    def __init__(
        self,
        name: str,
        resources: Sequence[ResourceSpec],
        key_header: str,
        launch: Launch,
        holds: Mapping[str, str | Holdings],
    ) -> None:
        self.name = name
        self.resources = tuple(resources)
        self.router = Router(name, self.resources)
        self.launch = launch
        self.holds = dict(holds)
        self._heard: Callable[[Operation, Request], object] | None = None
        self._ask: Callable[[Request], Response] = self._nobody
        self._key_header = key_header.lower()
        self._open_books()

    def _open_books(self) -> None:
        self.ledger = Ledger()
        self._bodies: dict[str, bytes] = {}
        self._doubtful: list[tuple[str, Owner]] = []
        self._answered: dict[int, list[Response]] = {}
        self._statuses: dict[int, int] = {}

    def fresh(self) -> Self:
        """The same service for another run, of which nothing is known to be applied."""
        again = copy(self)
        again._open_books()  # noqa: SLF001 - a copy of our own
        return again

    def up(self, ask: Callable[[Request], Response]) -> Self:
        """The same, now that it is up. ask: delivers a request and returns the answer; from any thread."""
        again = self.fresh()
        again._ask = ask  # noqa: SLF001 - a copy of our own
        return again

    def _nobody(self, request: Request) -> Response:
        raise AssertionError(f"{self.name} is not up, and was sent {request.method} {request.path}")

    def heard_by(self, listener: Callable[[Operation, Request], object]) -> Self:
        """The same; the listener hears each request that is delivered, before its effects are learned."""
        again = self.fresh()
        again._heard = listener  # noqa: SLF001 - a copy of our own
        return again

    # What every participant is asked ----------------------------------------------------------

    @property
    def operations(self) -> Mapping[str, Operation]:
        """Every operation, by its full name."""
        return self.router.operations

    def match(self, request: Request) -> Matched | None:
        """By method and path; None where no declared route serves the request."""
        return self.router.match(request.method, request.path)

    def key_of(self, request: Request) -> str | None:
        """The idempotency key of a request; an empty one is none."""
        return request.headers.get(self._key_header) or None

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        """As declared: a create where repeats go by key, and an undo by POST."""
        if operation.verb is Verb.CREATE:
            return operation.resource.repeats is Repeats.KEY
        return operation.verb.undoes and request.method == "POST"

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """Whose the newest resource behind an id is, live or not."""
        found = self.ledger.latest(self._full(operation.resource), id_)
        return None if found is None else Owner(saga_id=found.saga_id, step=found.step)

    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        """Deliver one request, unless that was done ahead, and learn from the answer what it did."""
        if self._heard is not None:
            self._heard(operation, request)
        assert not part, "no fault applies a part at a service that is not ours"
        response = self.forwarded(request)
        key = self.key_of(request) if self.heeds_key(operation, request) else None
        conflict = key is not None and self._bodies.setdefault(key, request.body) != request.body
        effects = tuple(self._learned(operation, id_, key, owner, response))
        return Reply(response=response, effects=effects, key_conflict=conflict)

    # Forwarding -------------------------------------------------------------------------------

    def ask_ahead(self, request: Request) -> Response:
        """Deliver one request now, from any thread. Its answer waits for `keep`."""
        return self._ask(request)

    def keep(self, request: Request, responses: Sequence[Response]) -> None:
        """The answers to deliveries of a request that were asked for ahead, for the next `handle` of it."""
        self._answered.setdefault(id(request), []).extend(responses)

    def forwarded(self, request: Request) -> Response:
        """The answer to one delivery: one that was asked for ahead, or a new one."""
        waiting = self._answered.get(id(request))
        if waiting:
            return waiting.pop(0)
        return self.ask_ahead(request)

    # The truth --------------------------------------------------------------------------------

    def ids_held(self, resource: str, answer: Response) -> tuple[str, ...]:
        """What an answer of the read route of `holds` shows, each id once."""
        return tuple(dict.fromkeys(self._spec(resource).answers.ids_in(answer.body, several=True)))

    def agrees(self, resource: str, saga_id: str, held: Collection[str]) -> bool:
        """Whether a service holds of a saga what its answers said."""
        return set(held) == {one.id for one in self.ledger.of_saga(resource, saga_id) if one.live}

    def disagreements(
        self, resource: str, saga_id: str, held: Collection[str], step: str | None
    ) -> list[tuple[Incarnation, bool, str]]:
        """What is held and was not to be, or the other way round, and how to say it.

        step: that of what no answer spoke of, and no create in doubt explains.
        """
        newest = {one.id: one for one in self.ledger.of_saga(resource, saga_id)}
        name, found = resource.partition(".")[2], []
        for id_, one in newest.items():
            if one.live and id_ not in held:
                status = self._statuses[one.number]
                says = f"{self.name} answered {status} for {name} {id_!r} and does not hold it"
                found.append((one, False, says))
            elif not one.live and id_ in held:
                says = f"{self.name} answered that {name} {id_!r} is removed and holds it"
                found.append((one, True, says))
        for id_ in held:
            if id_ not in newest:
                owner = self._made_in_doubt(resource, saga_id) or Owner(saga_id=saga_id, step=step)
                one = self._create(resource, id_, owner, None)
                says = f"{self.name} holds {name} {id_!r}, and no answer said that it was made"
                found.append((one, True, says))
        return found

    def _made_in_doubt(self, resource: str, saga_id: str) -> Owner | None:
        """The owner of a create in doubt, which is explained by that."""
        for mark in self._doubtful:
            if mark[0] == resource and mark[1].saga_id == saga_id:
                self._doubtful.remove(mark)
                return mark[1]
        return None

    def _spec(self, resource: str) -> ResourceSpec:
        return next(one for one in self.resources if self._full(one) == resource)

    # Learning ---------------------------------------------------------------------------------

    def _learned(
        self, operation: Operation, id_: str | None, key: str | None, owner: Owner, response: Response
    ) -> Iterator[Effect]:
        resource, verb = operation.resource, operation.verb
        success = 200 <= response.status < 300 and response.status != HTTPStatus.ACCEPTED
        if verb is Verb.CREATE:
            if success:
                yield from self._made(resource, id_, key, owner, response)
            elif response.status >= 500 or response.status == HTTPStatus.ACCEPTED:
                self._doubtful.append((self._full(resource), owner))
        elif verb.queries:
            if success:
                yield from self._shown(resource, owner, response, several=verb is Verb.FIND)
        elif success:
            yield from self._removed(resource, id_, owner)

    def _made(
        self, resource: ResourceSpec, chosen: str | None, key: str | None, owner: Owner, response: Response
    ) -> Iterator[Effect]:
        name = self._full(resource)
        ids = resource.answers.ids_in(response.body, several=False)
        id_ = chosen or (ids[0] if ids else f"{owner.saga_id}/{owner.step}/{key or ''}")
        found = self.ledger.latest(name, id_)
        if found is None or not (found.live or (key is not None and found.key == key)):
            yield self._created(name, id_, owner, key, response.status)

    def _shown(
        self, resource: ResourceSpec, owner: Owner, response: Response, *, several: bool
    ) -> Iterator[Effect]:
        name = self._full(resource)
        for id_ in resource.answers.ids_in(response.body, several=several):
            if self.ledger.latest(name, id_) is None:
                maker = self._made_in_doubt(name, owner.saga_id)
                if maker is not None:
                    yield self._created(name, id_, maker, None, response.status)

    def _removed(self, resource: ResourceSpec, id_: str | None, owner: Owner) -> Iterator[Effect]:
        name = self._full(resource)
        if id_ is not None:
            latest = self.ledger.latest(name, id_)
            found = [] if latest is None else [latest]
        else:
            found = list(self.ledger.of_saga(name, owner.saga_id))
            self._doubtful = [
                mark for mark in self._doubtful if (mark[0], mark[1].saga_id) != (name, owner.saga_id)
            ]
        for one in found:
            if one.live:
                one.live = False
                yield _effect(one, Change.REMOVED)

    def _created(self, name: str, id_: str, owner: Owner, key: str | None, status: int) -> Effect:
        made = self._create(name, id_, owner, key)
        self._statuses[made.number] = status
        return _effect(made, Change.CREATED)

    def _create(self, name: str, id_: str, owner: Owner, key: str | None) -> Incarnation:
        return self.ledger.create(
            resource=name, id_=id_, saga_id=owner.saga_id, step=owner.step, key=key, whole=True
        )

    def _full(self, resource: ResourceSpec) -> str:
        return f"{self.name}.{resource.name}"


def _effect(one: Incarnation, change: Change) -> Effect:
    return Effect(
        change=change, resource=one.resource, incarnation=one.number, saga_id=one.saga_id, step=one.step
    )
