"""Who read and who changed what, in the order in which the participants saw it.

Owns attributing each access to the saga that sent it, whatever its call names. Refuses to judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.history import Answer, Call, EffectApplied, ExecutorBegan
from harness.participant import Change, ResourceSpec, Verb
from harness.saga import Direction, Status
from harness.views import View

Entity = tuple[str, str]
"""A resource that is there already, and the id of what of it: `("orders.order", "7")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A saga read what an entity holds. index: when the participant was asked. content: what it answered."""

    saga: str
    entity: Entity
    index: int
    content: str
    own: bool


@dataclass(slots=True, kw_only=True)
class Act:
    """A saga changed an entity. undone: when it was taken back, if it was, and by which words."""

    saga: str
    entity: Entity
    index: int
    words: str
    undone: int | None = None
    undone_words: str = ""

    @property
    def target(self) -> str:
        """The state that it led to."""
        return self.words.rpartition(" → ")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An undo that the participant refused of itself. index: when."""

    saga: str
    entity: Entity
    index: int


class Accesses:
    """Of one run of several sagas."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.statuses = {saga.saga_id: saga.status for saga in view.sagas}
        self._senders = {one.executor: one.saga_id for _, one in view.history.of(ExecutorBegan)}

    def sender(self, call: Call) -> str:
        """The saga for which its executor works; where that is not known, the one that the call names."""
        return self._senders.get(call.sent.executor, call.sent.saga_id)

    def completed(self, saga: str) -> bool:
        """Whether a saga says that it did everything."""
        return self.statuses.get(saga) is Status.COMPLETED

    @cached_property
    def _at(self) -> Mapping[int, tuple[Entity, str]]:
        """Event index of an effect to the entity, and the saga that sent the call."""
        return {
            index: ((effect.resource, call.sent.resource_id or ""), self.sender(call))
            for call in self.view.history.calls
            for index, effect in call.effects
        }

    @cached_property
    def _effects(self) -> Mapping[int, EffectApplied]:
        return dict(self.view.history.of(EffectApplied))

    @cached_property
    def acts(self) -> Mapping[Entity, list[Act]]:
        """Changes of entities that are there already, by entity, in order."""
        found: dict[Entity, list[Act]] = defaultdict(list)
        made: dict[tuple[str, int], Act] = {}
        for index, (entity, saga) in sorted(self._at.items()):
            effect = self._effects[index]
            mark = effect.resource, effect.incarnation
            if self._spec(entity[0]) is None:
                continue
            if effect.change is Change.CREATED:
                act = Act(saga=saga, entity=entity, index=index, words=str(effect.detail or ""))
                found[entity].append(act)
                made[mark] = act
            elif effect.change is Change.REMOVED:
                made[mark].undone, made[mark].undone_words = index, str(effect.detail or "")
        return found

    def _spec(self, resource: str) -> ResourceSpec | None:
        """Of a resource of a kind: one whose entities sagas share."""
        spec = self.view.resources.get(resource)
        return spec if spec is not None and spec.kind is not None else None

    @cached_property
    def reads(self) -> Mapping[Entity, list[Read]]:
        """What sagas were told of such entities, by entity, in order."""
        found: dict[Entity, list[Read]] = defaultdict(list)
        for call in self.view.history.calls:
            resource, _, verb = (call.sent.operation or "").rpartition(".")
            answered = call.answered
            if verb != Verb.GET or answered is None or not 200 <= answered.status < 300:
                continue
            if call.sent.resource_id and self._spec(resource) is not None:
                entity = resource, call.sent.resource_id
                saga = self.sender(call)
                found[entity].append(
                    Read(
                        saga=saga,
                        entity=entity,
                        index=call.deliveries[0],
                        content=answered.content,
                        own=bool(answered.shows) and call.sent.saga_id == saga,
                    )
                )
        return found

    @cached_property
    def refused_undos(self) -> tuple[Refused, ...]:
        """Undos of entities that no fault struck, and that were refused all the same."""
        return tuple(
            Refused(
                saga=self.sender(call),
                entity=((call.sent.operation or "").rpartition(".")[0], call.sent.resource_id or ""),
                index=call.deliveries[0],
            )
            for call in self.view.history.calls
            if call.sent.direction is Direction.COMPENSATION
            and call.answer is Answer.REFUSED
            and not call.faults
        )

    def effects_of(self, saga: str, since: int, until: int) -> list[int]:
        """Effects of a saga's calls between two events."""
        return [
            index for index, (_, who) in sorted(self._at.items()) if who == saga and since < index < until
        ]


def named(entity: Entity) -> str:
    """`orders.order 7`."""
    return f"{entity[0]} {entity[1]}".rstrip()
