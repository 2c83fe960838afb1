"""The generic participant: resources behind REST routes, with the behaviour of RULES §6.

Owns keys and their replay, tombstones, natural repeats, 202-then-done, parts, and the ledger.
A concrete service subclasses it and says only what its business adds: `admit`, `created`,
`removed`. Refuses to know about faults: whoever delivers a request decides how often and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Self

from harness.participant.business import Business
from harness.participant.expiry import Expiry
from harness.participant.ledger import Change, Effect, Incarnation, Lapse, Ledger
from harness.participant.messages import Owner, Reply, Request, Response
from harness.participant.pending import Pending
from harness.participant.queries import all_told, none, one_told
from harness.participant.resource import Matched, Operation, Repeats, ResourceSpec, UndoAnswers, Verb
from harness.participant.router import Router
from harness.saga import Json

_PART = "only a part was applied"


class RestParticipant(Business):
    """One participant in one run. Subclasses may set `resources` on the class, or pass them."""

    name: str = ""
    resources: tuple[ResourceSpec, ...] = ()

    def __init__(
        self,
        name: str | None = None,
        resources: Iterable[ResourceSpec] = (),
        key_header: str = "Idempotency-Key",
    ) -> None:
        self.name = name or self.name
        self.resources = tuple(resources) or self.resources
        self.router = Router(self.name, self.resources)
        self._key_header = key_header.lower()
        self.open_books()

    def open_books(self) -> None:
        """Begin a run with nothing done yet. A service with books of its own opens them here too."""
        self.ledger = Ledger()
        self._replays: dict[str, tuple[bytes, Response]] = {}
        self._tombstones: set[tuple[str, str, str | None]] = set()
        self._gone_ids: set[tuple[str, str | None]] = set()
        self._accepted: set[tuple[str, str]] = set()
        self._pending = Pending()
        self._expiry = Expiry(self.name, self.resources, self.ledger)
        self._behaviours = {
            one.name: one.kind.open(one, self._full(one), self.ledger)
            for one in self.resources
            if one.kind is not None
        }

    def fresh(self) -> Self:
        """The same participant for another run, with nothing in its ledger."""
        again = copy(self)
        again.open_books()
        return again

    def named(self, name: str, key_header: str) -> Self:
        """The same participant under a name, and with a header for keys, that a scenario gives it."""
        again = copy(self)
        again.name = name
        again.router = Router(name, self.resources)
        again._key_header = key_header.lower()  # noqa: SLF001 - a copy of our own
        again.open_books()
        return again

    def lapse(self, now_s: float | None) -> tuple[Lapse, ...]:
        """What is over by itself at a time of the run; None: once it is over, whatever would be in the end.

        Asked before each request, and after the last one.
        """
        found = [one for behaviour in self._behaviours.values() for one in behaviour.lapse(now_s)]
        for made, lapse in self._expiry.over(now_s):
            was_there = not self._pending.drop(made)
            self.removed(made)
            found += [lapse] if was_there else []
        return tuple(found)

    # Handling -------------------------------------------------------------------------------

    @property
    def operations(self) -> Mapping[str, Operation]:
        """Every operation, by its full name."""
        return self.router.operations

    def match(self, request: Request) -> Matched | None:
        """By method and path; None where no route serves the request."""
        found = self.router.match(request.method, request.path)
        kind = None if found is None else found.operation.resource.kind
        if found is None or kind is None:
            return found
        meant = kind.chosen(self.router.rivals(found.operation), request)
        return None if meant is None else Matched(meant, found.id)

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """Whose the newest resource behind an id is, live or not."""
        behaviour = self._behaviours.get(operation.resource.name)
        if behaviour is not None:
            return behaviour.owner_of(operation, id_)
        found = self.ledger.latest(self._full(operation.resource), id_)
        return None if found is None else Owner(saga_id=found.saga_id, step=found.step)

    def key_of(self, request: Request) -> str | None:
        """The idempotency key of a request; an empty one is none."""
        return request.headers.get(self._key_header) or None

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        """A create where repeats go by key, and an undo by POST."""
        if operation.verb is Verb.CREATE:
            return operation.resource.repeats is Repeats.KEY
        by_key = operation.resource.kind is None or operation.resource.repeats is Repeats.KEY
        return operation.verb.undoes and request.method == "POST" and by_key

    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        """Deliver one request. `part`: apply only its first sub-effect, then fail with 500."""
        key = self.key_of(request) if self.heeds_key(operation, request) else None
        if key is not None and key in self._replays:
            return self._replay(operation.resource, key, request.body)
        behaviour = self._behaviours.get(operation.resource.name)
        if behaviour is not None:
            reply = behaviour.handle(operation, id_, request, owner)
        else:
            handler = getattr(self, _HANDLERS[operation.verb])
            reply = handler(operation.resource, id_, request, owner, part)
        # A 202 is no final answer: replaying it would keep the undo from ever taking effect.
        if key is not None and 200 <= reply.response.status < 300 and reply.response.status != 202:
            self._replays[key] = (request.body, reply.response)
        return reply

    def _replay(self, resource: ResourceSpec, key: str, body: bytes) -> Reply:
        first, response = self._replays[key]
        if first == body:
            return Reply(response=response)
        error = f"key {key!r} was used with another body"
        return Reply(response=resource.answers.refusal(422, error), key_conflict=True)

    def _create(
        self, resource: ResourceSpec, id_: str | None, request: Request, owner: Owner, part: bool
    ) -> Reply:
        """id_: what the caller wants it to be called, where the route has a place for that."""
        if self._buried(resource, owner) or (self._full(resource), id_) in self._gone_ids:
            return Reply(response=resource.answers.refusal(resource.refuses, "undone before it arrived"))
        fields = request.fields()
        key = self.key_of(request)
        earlier = self._earlier(resource, owner, key)
        if id_ is not None:
            taken = self.ledger.latest(self._full(resource), id_)
            if taken is not None and taken.live and taken.saga_id != owner.saga_id:
                error = f"{id_!r} is another one's"
                return Reply(response=resource.answers.refusal(resource.refuses, error, id_))
            earlier = taken if taken is not None and taken.live else None
        if earlier is not None:
            return self._again(resource, earlier, fields, part)
        kept = self._expiry.to_confirm(resource, id_, owner)
        if resource.confirms is not None and not kept:
            error = f"no {resource.confirms} is there to be confirmed"
            return Reply(response=resource.answers.refusal(resource.refuses, error, id_ or ""))
        refusal = self.admit(resource, fields)
        if refusal is not None:
            return Reply(response=refusal)
        self._expiry.confirm(kept)
        made = self._make(resource, owner, key, fields, whole=not part, chosen=id_)
        change = Change.PART if part else Change.CREATED
        return self._made(resource, made, change, fields)

    def _buried(self, resource: ResourceSpec, owner: Owner) -> bool:
        steps = (None, owner.step)
        return any((self._full(resource), owner.saga_id, step) in self._tombstones for step in steps)

    def _earlier(self, resource: ResourceSpec, owner: Owner, key: str | None) -> Incarnation | None:
        mine = [
            one
            for one in self.ledger.of_saga(self._full(resource), owner.saga_id)
            if one.live and one.step == owner.step
        ]
        if resource.repeats is Repeats.NATURAL:
            return mine[0] if mine else None
        if resource.repeats is Repeats.KEY and key is not None:
            return next(
                (one for one in mine if one.key == key and (not one.whole or self._pending.accepted(one))),
                None,
            )
        return None

    def _again(
        self, resource: ResourceSpec, earlier: Incarnation, fields: Mapping[str, Json], part: bool
    ) -> Reply:
        if part and not earlier.whole:
            return Reply(response=resource.answers.refusal(500, _PART))
        if earlier.whole:
            return Reply(response=Response.of(resource.answers.created, earlier.body))
        if self._pending.waits(earlier):
            done = self._pending.finish(earlier)
            return Reply(response=Response.of(resource.answers.created, earlier.body), effects=(done,))
        earlier.whole = True
        return self._made(resource, earlier, Change.COMPLETED, fields)

    def _make(
        self,
        resource: ResourceSpec,
        owner: Owner,
        key: str | None,
        fields: Mapping[str, Json],
        *,
        whole: bool,
        chosen: str | None,
    ) -> Incarnation:
        number = self.ledger.next_number
        id_, body = resource.answers.of(
            resource.name, number, saga_id=owner.saga_id, step=owner.step, given=fields, chosen=chosen
        )
        made = self.ledger.create(
            resource=self._full(resource),
            id_=id_,
            saga_id=owner.saga_id,
            step=owner.step,
            key=key,
            whole=whole,
            body=body,
        )
        self._expiry.begins(resource, made)
        return made

    def _made(
        self, resource: ResourceSpec, made: Incarnation, change: Change, fields: Mapping[str, Json]
    ) -> Reply:
        if change is not Change.COMPLETED:
            made.body = {**made.body, **self.created(made, fields)}
        if change is Change.CREATED and resource.action_answers is UndoAnswers.ACCEPTED:
            self._pending.accept(made)
            return Reply(response=Response.of(202, made.body))
        effects = (_effect(made, change),)
        if change is Change.PART:
            return Reply(response=resource.answers.refusal(500, _PART), effects=effects)
        return Reply(response=Response.of(resource.answers.created, made.body), effects=effects)

    def _delete(
        self, resource: ResourceSpec, id_: str | None, request: Request, owner: Owner, part: bool
    ) -> Reply:
        del owner, part
        found = self.ledger.latest(self._full(resource), id_ or "")
        if found is None:
            if resource.tombstones and resource.id_is_chosen:
                self._gone_ids.add((self._full(resource), id_))
            return Reply(response=none(resource, id_ or ""))
        if found.lapsed:
            self._bury(resource, found.saga_id, found.step)
        if not (found.live or self._repeatable(found, request)):
            return Reply(response=self.undone_already(resource, found))
        if self._accepts_only(resource, found.id):
            return Reply(response=Response.of(202, found.body))
        self._bury(resource, found.saga_id, found.step)
        done = resource.answers.done(request.method, found.body)
        return Reply(response=done, effects=self._remove(found))

    def _delete_by_saga(
        self, resource: ResourceSpec, id_: str | None, request: Request, owner: Owner, part: bool
    ) -> Reply:
        del id_, part
        if self._accepts_only(resource, f"saga:{owner.saga_id}"):
            return Reply(response=Response.of(202, {"saga_id": owner.saga_id}))
        self._bury(resource, owner.saga_id, None)
        mine = [
            one
            for one in self.ledger.of_saga(self._full(resource), owner.saga_id)
            if one.live or self._repeatable(one, request)
        ]
        effects = tuple(effect for one in mine for effect in self._remove(one))
        body = resource.answers.about(owner.saga_id)
        return Reply(response=resource.answers.done(request.method, body), effects=effects)

    def _repeatable(self, found: Incarnation, request: Request) -> bool:
        return request.method == "POST" and not found.lapsed and self.undoable_again(found)

    def _accepts_only(self, resource: ResourceSpec, what: str) -> bool:
        mark = (self._full(resource), what)
        if resource.undo_answers is UndoAnswers.DONE or mark in self._accepted:
            return False
        self._accepted.add(mark)
        return True

    def _bury(self, resource: ResourceSpec, saga_id: str, step: str | None) -> None:
        if resource.tombstones:
            self._tombstones.add((self._full(resource), saga_id, step))

    def _remove(self, found: Incarnation) -> tuple[Effect, ...]:
        waited = self._pending.drop(found)
        change = Change.REMOVED if found.live else Change.REMOVED_AGAIN
        found.live = False
        self.removed(found)
        return () if waited else (_effect(found, change),)

    def _get(
        self, resource: ResourceSpec, id_: str | None, request: Request, owner: Owner, part: bool
    ) -> Reply:
        del request, owner, part
        found = self.ledger.latest(self._full(resource), id_ or "")
        return one_told(resource, found, id_ or "", self._pending)

    def _find(
        self, resource: ResourceSpec, id_: str | None, request: Request, owner: Owner, part: bool
    ) -> Reply:
        del id_, request, part
        full = self._full(resource)
        # Of several sagas, one that asks for nobody's gets everybody's.
        found = self.ledger.of_saga(full, owner.saga_id) if owner.saga_id else self.ledger.of_resource(full)
        return all_told(resource, found, self._pending)

    def _full(self, resource: ResourceSpec) -> str:
        return f"{self.name}.{resource.name}"


def _effect(one: Incarnation, change: Change) -> Effect:
    return Effect(
        change=change, resource=one.resource, incarnation=one.number, saga_id=one.saga_id, step=one.step
    )


# By name, not by bound method: a participant that refers to itself is garbage only a collector finds.
_HANDLERS = {
    Verb.CREATE: "_create",
    Verb.DELETE: "_delete",
    Verb.DELETE_BY_SAGA: "_delete_by_saga",
    Verb.GET: "_get",
    Verb.FIND: "_find",
}
