"""`action_answers = "accepted"`: creates that are answered 202, and done once somebody asks for them.

Owns which of what was accepted is not done yet, and what a query says of that. Refuses to do anything by
itself: a participant knows no clock, so the work is done at the second look, or when the create comes again.
Who takes the first one, which says pending, for the last has completed what is not done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.participant.ledger import Change, Effect, Incarnation
from harness.saga import Json

STATUS = "status"
PENDING, DONE = "pending", "done"


@dataclass(slots=True)
class Pending:
    """Of one participant in one run, by the numbers of incarnations."""

    _accepted: set[int] = field(default_factory=set)
    _waiting: set[int] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)
    _dropped: set[int] = field(default_factory=set)

    def accept(self, one: Incarnation) -> None:
        """It is not there yet."""
        one.whole = False
        self._accepted.add(one.number)
        self._waiting.add(one.number)

    def drop(self, one: Incarnation) -> bool:
        """It was undone; whether that was before it was done, so that nothing changes."""
        if one.number in self._waiting:
            self._waiting.discard(one.number)
            self._dropped.add(one.number)
        return one.number in self._dropped

    def look(self, one: Incarnation) -> tuple[Mapping[str, Json], tuple[Effect, ...]]:
        """What a query says of it, and what that look brings about: the second one finds it done."""
        if one.number not in self._accepted:
            return one.body, ()
        if self.pending(one):
            self._seen.add(one.number)
            return {**one.body, STATUS: PENDING}, ()
        done = (self.finish(one),) if one.number in self._waiting else ()
        return {**one.body, STATUS: DONE}, done

    def pending(self, one: Incarnation) -> bool:
        """Whether the next look finds it pending."""
        return one.number in self._waiting and one.number not in self._seen

    def accepted(self, one: Incarnation) -> bool:
        """Whether it was answered 202, done by now or not: the same key means the same."""
        return one.number in self._accepted

    def waits(self, one: Incarnation) -> bool:
        """Whether it was accepted and is not done."""
        return one.number in self._waiting

    def finish(self, one: Incarnation) -> Effect:
        """It is done."""
        self._waiting.discard(one.number)
        one.whole = True
        return Effect(
            change=Change.CREATED,
            resource=one.resource,
            incarnation=one.number,
            saga_id=one.saga_id,
            step=one.step,
        )
