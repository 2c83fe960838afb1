"""A participant that is the user's own service: requests are forwarded, and effects learned from answers.

Owns what an answer of a declared route says about what was applied, and how the service is reached. Refuses
to start it (`harness.worlds.wire.own_services`), and to believe it: what it holds in the end is asked there.

    a create answered 2xx     made one, under the id in its body, else in its Location; the same id again,
                              while it is there, and the same key with the same id at any time, is a replay.
                              What no answer named is what is removed, or held, under an unknown id
    a delete answered 2xx     removed the one behind its id; by saga: all of the saga
    202, 301 to 303, 5xx,
    no answer                 nothing is known yet
    a query that shows an id  nobody knows it: a create in doubt of that saga made it after all
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from http import HTTPStatus
from typing import Self
from urllib.parse import unquote, urlsplit

from harness.participant.launch import Holdings, Launch
from harness.participant.ledger import Change, Effect, Incarnation, Ledger
from harness.participant.messages import Owner, Reply, Request, Response
from harness.participant.resource import Matched, Operation, Repeats, ResourceSpec, Verb
from harness.participant.router import Router
from harness.participant.upstream import Address, through_proxy

_PERHAPS = (
    HTTPStatus.ACCEPTED,
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
)
"""A create that is answered so may have made something: after such a redirect a GET shows it."""


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
        self._address = launch.address
        self._key_header = key_header.lower()
        self._open_books()

    def _open_books(self) -> None:
        self.ledger = Ledger()
        self._bodies: dict[str, bytes] = {}
        self._doubtful: list[tuple[str, Owner]] = []
        self._answered: dict[int, list[Response]] = {}
        self._statuses: dict[int, int] = {}
        self._unnamed: set[int] = set()

    def fresh(self) -> Self:
        """The same service for another run, of which nothing is known to be applied."""
        again = copy(self)
        again._open_books()  # noqa: SLF001 - a copy of our own
        return again

    def up(self, ask: Callable[[Request], Response], address: Address) -> Self:
        """The same, now that it is up. ask: delivers a request and returns the answer; from any thread."""
        again = self.fresh()
        again._ask, again._address = ask, address  # noqa: SLF001 - a copy of our own
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
        response = self._delivered(request)
        key = self.key_of(request) if self.heeds_key(operation, request) else None
        conflict = key is not None and self._bodies.setdefault(key, request.body) != request.body
        effects = tuple(self._learned(operation, id_, key, owner, response))
        return Reply(response=self._as_seen(request, response), effects=effects, key_conflict=conflict)

    # Forwarding -------------------------------------------------------------------------------

    def ask_ahead(self, request: Request) -> Response:
        """Deliver one request now, from any thread. Its answer waits for `keep`."""
        return self._ask(request)

    def keep(self, request: Request, responses: Sequence[Response]) -> None:
        """The answers to deliveries of a request that were asked for ahead, for the next `handle` of it."""
        self._answered.setdefault(id(request), []).extend(responses)

    def forwarded(self, request: Request) -> Response:
        """What the caller gets for a request that no declared route serves."""
        return self._as_seen(request, self._delivered(request))

    def _as_seen(self, request: Request, response: Response) -> Response:
        """An answer as its caller gets it: links to the service lead through the proxy, too."""
        proxy = request.headers.get("host")
        return (
            response if self._address is None or not proxy else through_proxy(response, self._address, proxy)
        )

    def _delivered(self, request: Request) -> Response:
        """The answer to one delivery: one that was asked for ahead, or a new one."""
        waiting = self._answered.get(id(request))
        if waiting:
            return waiting.pop(0)
        return self.ask_ahead(request)

    # The truth --------------------------------------------------------------------------------

    def ids_held(self, resource: str, answer: Response) -> tuple[str, ...]:
        """What an answer of the read route of `holds` shows, each id once. Raises ValueError."""
        answers = self._spec(resource).answers
        problem = answers.unreadable(answer.body)
        if problem:
            raise ValueError(problem)
        return tuple(dict.fromkeys(answers.ids_in(answer.body, several=True)))

    def agrees(self, resource: str, saga_id: str, held: Collection[str]) -> bool:
        """Whether a service holds of a saga what its answers said."""
        newest = self._newest(resource, saga_id)
        known = self._as_known(newest, held)
        return set(known) == {id_ for id_, one in newest.items() if one.live}

    def disagreements(
        self, resource: str, saga_id: str, held: Collection[str], step: str | None
    ) -> list[tuple[Incarnation, bool, str]]:
        """What is held and was not to be, or the other way round, and how to say it.

        step: that of what no answer spoke of, and no create in doubt explains.
        """
        newest = self._newest(resource, saga_id)
        known = self._as_known(newest, held)
        name, found = resource.partition(".")[2], []
        for id_, one in newest.items():
            called = f"{name} {known.get(id_, id_)!r}"
            if one.number in self._unnamed and id_ not in known:
                called = f"a {name}, with no id in the answer,"
            if one.live and id_ not in known:
                status = self._statuses[one.number]
                found.append((one, False, f"{self.name} answered {status} for {called} and does not hold it"))
            elif not one.live and id_ in known:
                found.append((one, True, f"{self.name} answered that {called} is removed and holds it"))
        for id_, shown in known.items():
            if id_ not in newest:
                owner = self._made_in_doubt(resource, saga_id) or Owner(saga_id=saga_id, step=step)
                one = self._create(resource, id_, owner, None)
                says = f"{self.name} holds {name} {shown!r}, and no answer said that it was made"
                found.append((one, True, says))
        return found

    def _newest(self, resource: str, saga_id: str) -> dict[str, Incarnation]:
        """Of each id of a saga the newest incarnation."""
        return {one.id: one for one in self.ledger.of_saga(resource, saga_id)}

    def _as_known(self, newest: Mapping[str, Incarnation], held: Collection[str]) -> dict[str, str]:
        """Each id that is held, by the one under which it is known here.

        What was made without an id in the answer is held under one that nobody has heard of; what is live
        first, for a service is believed as long as it can be.
        """
        unnamed = [id_ for id_, one in newest.items() if one.number in self._unnamed]
        free = deque(sorted(unnamed, key=lambda id_: not newest[id_].live))
        return {id_ if id_ in newest or not free else free.popleft(): id_ for id_ in held}

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
            elif response.status >= 500 or response.status in _PERHAPS:
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
        said = chosen or (ids[0] if ids else self._located(resource, response))
        id_ = said or f"{owner.saga_id}/{owner.step}/{key or ''}"
        found = self.ledger.latest(name, id_)
        if found is None or not (found.live or (key is not None and found.key == key)):
            made = self._created(name, id_, owner, key, response.status)
            if not said:
                self._unnamed.add(made.incarnation)
            yield made

    def _located(self, resource: ResourceSpec, response: Response) -> str:
        """The id in the Location of an answer, as the routes of the resource show it; empty: in none."""
        location = next((value for name, value in response.headers if name.lower() == "location"), "")
        path = unquote(urlsplit(location).path).rstrip("/")
        prefix = "" if self.launch.address is None else self.launch.address.prefix
        for method in ("GET", "DELETE", "PUT", "PATCH"):
            matched = self.router.match(method, path.removeprefix(prefix))
            if matched is not None and matched.id is not None and matched.operation.resource is resource:
                return matched.id
        return path.rpartition("/")[2]

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
            found = self._unnamed_of(name, owner.saga_id) if latest is None else [latest]
        else:
            found = list(self.ledger.of_saga(name, owner.saga_id))
            self._doubtful = [
                mark for mark in self._doubtful if (mark[0], mark[1].saga_id) != (name, owner.saga_id)
            ]
        for one in found:
            if one.live:
                one.live = False
                yield _effect(one, Change.REMOVED)

    def _unnamed_of(self, name: str, saga_id: str) -> list[Incarnation]:
        """The one of a saga whose id no answer said, where there is just one that is live."""
        found = [
            one for one in self.ledger.of_saga(name, saga_id) if one.live and one.number in self._unnamed
        ]
        return found if len(found) == 1 else []

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
