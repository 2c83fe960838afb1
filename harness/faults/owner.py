"""Whose call it is (RULES §2): the saga, the steps and the direction of a request."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from harness.participant import Owner, Request, RestParticipant, Verb
from harness.participant.resource import Matched
from harness.saga import Direction, SagaSpec, Step


class Owned(msgspec.Struct, frozen=True):
    """The finding."""

    owner: Owner
    steps: tuple[str, ...] = ()
    direction: Direction | None = None


class Attribution:
    """Attributes the calls of one run."""

    def __init__(self, spec: SagaSpec, saga_ids: tuple[str, ...]) -> None:
        self._saga_ids = saga_ids
        self._creators: dict[str, list[Step]] = defaultdict(list)
        self._at_resource: dict[str, list[str]] = defaultdict(list)
        for step in spec.steps:
            self._creators[step.action].append(step)
            self._at_resource[step.resource].append(step.name)

    def of(self, participant: RestParticipant, matched: Matched | None, request: Request) -> Owned:
        """Find out whose a request is."""
        key = participant.key_of(request)
        saga_id = self._saga(participant, matched, request, key)
        if matched is None:
            return Owned(Owner(saga_id=saga_id))
        verb = matched.operation.verb
        if verb is Verb.CREATE:
            return self._action(matched, saga_id, key)
        if verb is Verb.DELETE:
            return self._undo(participant, matched, saga_id, key)
        if verb is Verb.DELETE_BY_SAGA:
            steps = tuple(self._at_resource[_resource(matched)])
            return Owned(Owner(saga_id=saga_id), steps, Direction.COMPENSATION)
        return self._query(participant, matched, saga_id)

    def _saga(
        self, participant: RestParticipant, matched: Matched | None, request: Request, key: str | None
    ) -> str:
        named = request.fields().get("saga_id") or request.query.get("saga_id")
        if isinstance(named, str) and named:
            return named
        head, colon, _ = (key or "").partition(":")
        if colon or head in self._saga_ids:  # a key without a colon is a random one, and names nobody
            return head
        if matched is not None and matched.id is not None:
            found = participant.ledger.latest(_resource(matched), matched.id)
            if found is not None:
                return found.saga_id
        return self._saga_ids[0] if len(self._saga_ids) == 1 else ""

    def _action(self, matched: Matched, saga_id: str, key: str | None) -> Owned:
        creators = self._creators.get(matched.operation.name, [])
        step = _by_key(creators, key)
        if step is None:
            return Owned(Owner(saga_id=saga_id))
        return Owned(Owner(saga_id=saga_id, step=step.name), (step.name,), Direction.ACTION)

    def _undo(self, participant: RestParticipant, matched: Matched, saga_id: str, key: str | None) -> Owned:
        found = participant.ledger.latest(_resource(matched), matched.id or "")
        if found is not None and found.step is not None:
            return Owned(Owner(saga_id=saga_id, step=found.step), (found.step,), Direction.COMPENSATION)
        names = self._at_resource[_resource(matched)]
        named = _named(names, key) or (names[0] if len(names) == 1 else None)
        steps = (named,) if named else ()
        return Owned(Owner(saga_id=saga_id, step=named), steps, Direction.COMPENSATION)

    def _query(self, participant: RestParticipant, matched: Matched, saga_id: str) -> Owned:
        found = participant.ledger.latest(_resource(matched), matched.id) if matched.id else None
        if found is not None and found.step is not None:
            return Owned(Owner(saga_id=saga_id, step=found.step), (found.step,))
        return Owned(Owner(saga_id=saga_id), tuple(self._at_resource[_resource(matched)]))


def _resource(matched: Matched) -> str:
    return f"{matched.operation.participant}.{matched.operation.resource.name}"


def _by_key(steps: list[Step], key: str | None) -> Step | None:
    if len(steps) < 2:
        return steps[0] if steps else None
    named = _named([step.name for step in steps], key)
    return next((step for step in steps if step.name == named), steps[0])


def _named(names: list[str], key: str | None) -> str | None:
    """The step that stands behind the first `:` of a key."""
    behind = (key or "").partition(":")[2]
    if behind in names:
        return behind
    head = behind.partition(":")[0]
    return head if head in names else None
