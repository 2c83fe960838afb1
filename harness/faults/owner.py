"""Whose call it is (RULES §2): the saga, the steps and the direction of a request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

import msgspec

from harness.errors import ScenarioError, misplaced
from harness.faults.naming import Naming
from harness.faults.saga_names import SagaNames
from harness.participant import Matched, Owner, Participant, Request, Verb, Whose
from harness.saga import Direction, SagaSpec, Step

_naming = lru_cache(maxsize=64)(Naming)  # one for each correlation: every run asks for it


class Owned(msgspec.Struct, frozen=True):
    """The finding."""

    owner: Owner
    steps: tuple[str, ...] = ()
    direction: Direction | None = None


class Attribution:
    """Attributes the calls of one run.

    earlier: ids of sagas whose runs are over. names: what ids stand for. whose: the scenario's own word;
    where it fails, `broken` says why, and the rules decide.
    """

    def __init__(
        self,
        spec: SagaSpec,
        saga_ids: tuple[str, ...],
        earlier: Collection[str] = frozenset(),
        whose: Whose | None = None,
    ) -> None:
        self._whose = whose
        self.broken: ScenarioError | None = None
        self.names = SagaNames(saga_ids, earlier)
        self._naming = _naming(spec.correlation)
        self._by_name = spec.by_name
        self._creators = spec.created_by
        self._at_resource = spec.at_resource

    def of(self, participant: Participant, matched: Matched | None, request: Request) -> Owned:
        """Find out whose a request is."""
        ruled = self._by_rules(participant, matched, request)
        return ruled if self._whose is None else self._said(self._whose, participant, request, ruled)

    def _said(self, whose: Whose, participant: Participant, request: Request, ruled: Owned) -> Owned:
        """What the scenario makes of it. Another step, or none, takes the place of those of the rules."""
        try:
            owner = _checked(whose(participant.name, request, ruled.owner))
        except Exception as error:  # noqa: BLE001 - whatever the scenario's function raises
            where = f"whose(), {request.method} {request.path} at {participant.name}"
            found = f"{type(error).__name__}: {error}"
            self.broken = self.broken or ScenarioError(misplaced(where, found, "an Owner"))
            return ruled
        if owner.step == ruled.owner.step:
            return Owned(owner, ruled.steps, ruled.direction)
        return Owned(owner, (owner.step,) if owner.step is not None else (), ruled.direction)

    def _by_rules(self, participant: Participant, matched: Matched | None, request: Request) -> Owned:
        key = participant.key_of(request)
        named, behind = self._by_key(key)
        said = self._naming.named(request)
        saga_id = self.names.stands_for(said) if said else named or self._by_path(participant, matched)
        if matched is None:
            return Owned(Owner(saga_id=saga_id))
        verb = matched.operation.verb
        if verb is Verb.CREATE:
            return self._action(matched, saga_id, behind)
        if verb is Verb.DELETE:
            return self._undo(participant, matched, saga_id, behind)
        if verb is Verb.DELETE_BY_SAGA:
            steps = self._at_resource.get(_resource(matched), ())
            return Owned(Owner(saga_id=saga_id), steps, Direction.COMPENSATION)
        return self._query(participant, matched, saga_id)

    def of_an_earlier_run(self, owned: Owned) -> bool:
        """Whether the saga that a call names was judged already."""
        return self.names.of_an_earlier_run(owned.owner.saga_id)

    def _by_key(self, key: str | None) -> tuple[str, str]:
        """The saga that a key names, and what follows; a prefix that names none says nothing."""
        named, behind = self._naming.in_key(key)
        if self.names.known(named):
            return self.names.stands_for(named), behind
        return "", (key or "").partition(":")[2]

    def _by_path(self, participant: Participant, matched: Matched | None) -> str:
        """The saga whose resource stands in the path, else the only one of the run."""
        found = None if matched is None else _made_by(participant, matched)
        if found is not None:
            return found.saga_id
        return self.names.only

    def _action(self, matched: Matched, saga_id: str, behind: str) -> Owned:
        creators = self._creators.get(matched.operation.name, ())
        step = self._creator(creators, behind)
        if step is None:
            return Owned(Owner(saga_id=saga_id))
        return Owned(Owner(saga_id=saga_id, step=step.name), (step.name,), Direction.ACTION)

    def _undo(self, participant: Participant, matched: Matched, saga_id: str, behind: str) -> Owned:
        undone = matched.operation.undoes
        if undone:
            steps = tuple(step.name for name in undone for step in self._creators.get(name, ()))
            only = steps[0] if len(steps) == 1 else None
            return Owned(Owner(saga_id=saga_id, step=only), steps, Direction.COMPENSATION)
        found = _made_by(participant, matched)
        if found is not None and found.step is not None:
            return Owned(Owner(saga_id=saga_id, step=found.step), (found.step,), Direction.COMPENSATION)
        names = self._at_resource.get(_resource(matched), ())
        named = self._named(names, behind) or (names[0] if len(names) == 1 else None)
        steps = (named,) if named else ()
        return Owned(Owner(saga_id=saga_id, step=named), steps, Direction.COMPENSATION)

    def _creator(self, steps: Sequence[Step], behind: str) -> Step | None:
        if len(steps) < 2:
            return steps[0] if steps else None
        named = self._named([step.name for step in steps], behind)
        return next((step for step in steps if step.name == named), steps[0])

    def _named(self, names: Sequence[str], behind: str) -> str | None:
        """The step that stands behind the saga in a key, or the call of one of several."""
        for said in (behind, behind.partition(":")[0]):
            if said in names:
                return said
            parts = [name for name in names if self._by_name[name].whole == said]
            if parts:
                return parts[0]
        return None

    def _query(self, participant: Participant, matched: Matched, saga_id: str) -> Owned:
        found = _made_by(participant, matched)
        if found is not None and found.step is not None:
            return Owned(Owner(saga_id=saga_id, step=found.step), (found.step,))
        return Owned(Owner(saga_id=saga_id), self._at_resource.get(_resource(matched), ()))


def _checked(owner: object) -> Owner:
    if not isinstance(owner, Owner):
        raise TypeError(f"it returned {owner!r}")
    return owner


def _made_by(participant: Participant, matched: Matched) -> Owner | None:
    """Whose the resource in the path is."""
    return participant.owner_of(matched.operation, matched.id) if matched.id else None


def _resource(matched: Matched) -> str:
    return matched.operation.of_resource
