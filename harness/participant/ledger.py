"""The ledger: what a participant really holds and did, whatever it replied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from harness.saga import Json


class Change(StrEnum):
    """What an effect did to an incarnation."""

    CREATED = "created"
    PART = "part"  # some of its sub-effects, not all
    COMPLETED = "completed"  # the rest of them
    LESSENED = "lessened"  # a part of it was taken back, not all
    REMOVED = "removed"
    REMOVED_AGAIN = "removed_again"  # a second refund of the same charge


class Lapse(msgspec.Struct, frozen=True, kw_only=True):
    """What an action did was over by itself, when its time was up. detail: what became of it, in words.

    due_s: when that was, in the time of the run. could_be_kept: some other step could have kept it, by
    confirming or capturing it; where none can, who completed before `due_s` did all that there was to do.
    """

    resource: str
    incarnation: int
    saga_id: str
    step: str | None
    detail: str
    due_s: float
    could_be_kept: bool = True


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One change, attributed to the step that it belongs to.

    detail: its result, in words. amount: what it added to what is held in all, where that is counted.
    """

    change: Change
    resource: str  # participant.resource
    incarnation: int
    saga_id: str
    step: str | None
    detail: str = ""
    amount: float | None = None


@dataclass(slots=True, kw_only=True)
class Incarnation:
    """One resource as created once; an id may come back, an incarnation does not. body: as it is answered.

    lapsed: it is gone because its time was up.
    """

    number: int
    resource: str
    id: str
    saga_id: str
    step: str | None
    key: str | None = None
    whole: bool = True
    live: bool = True
    lapsed: bool = False
    body: Mapping[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """All incarnations of one participant in one run, in the order of their creation."""

    incarnations: list[Incarnation] = field(default_factory=list)

    @property
    def next_number(self) -> int:
        """Of the incarnation that is created next."""
        return len(self.incarnations) + 1

    def create(
        self,
        *,
        resource: str,
        id_: str,
        saga_id: str,
        step: str | None,
        key: str | None,
        whole: bool,
        body: Mapping[str, Json] | None = None,
    ) -> Incarnation:
        """Add an incarnation."""
        made = Incarnation(
            number=self.next_number,
            body=body or {},
            resource=resource,
            id=id_,
            saga_id=saga_id,
            step=step,
            key=key,
            whole=whole,
        )
        self.incarnations.append(made)
        return made

    def latest(self, resource: str, id_: str) -> Incarnation | None:
        """The newest incarnation behind an id."""
        return next(
            (one for one in reversed(self.incarnations) if one.id == id_ and one.resource == resource), None
        )

    def of_saga(self, resource: str, saga_id: str) -> Iterator[Incarnation]:
        """Every incarnation that a saga ever made at a resource."""
        return (one for one in self.incarnations if one.saga_id == saga_id and one.resource == resource)

    def of_resource(self, resource: str) -> Iterator[Incarnation]:
        """Every incarnation that anybody ever made at a resource."""
        return (one for one in self.incarnations if one.resource == resource)

    def live(self) -> Iterator[Incarnation]:
        """What is left."""
        return (one for one in self.incarnations if one.live)
