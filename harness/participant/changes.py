"""Who changed what is there already: what all kinds of resources but the record share.

Owns the bookkeeping by which an effect of an action is an incarnation in the ledger, which its undo removes.
Refuses to know what a move does to what is there: `state` and `balance` do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.participant.ledger import Change, Effect, Incarnation, Lapse, Ledger
from harness.participant.messages import Owner


@dataclass(slots=True, kw_only=True)
class Changes:
    """Who changed what: each action that took effect is an incarnation, until it is undone."""

    full: str
    ledger: Ledger
    _moves: dict[int, str] = field(default_factory=dict)
    _closed: set[tuple[str, str, str, str | None]] = field(default_factory=set)

    def add(
        self, move: str, id_: str, owner: Owner, detail: str, *, amount: float | None = None
    ) -> tuple[Incarnation, Effect]:
        """An action took effect on what has that id."""
        made = self.ledger.create(
            resource=self.full, id_=id_, saga_id=owner.saga_id, step=owner.step, key=None, whole=True
        )
        self._moves[made.number] = move
        return made, effect(made, Change.CREATED, detail, amount)

    def live(self, moves: Iterable[str], id_: str, owner: Owner) -> list[Incarnation]:
        """What actions of a saga did to what has that id, and was not undone."""
        return [one for one in self.made(moves, id_, owner) if one.live]

    def made(self, moves: Iterable[str], id_: str, owner: Owner) -> list[Incarnation]:
        """The same, undone or not. Steps are told apart where the owner has any."""
        names = tuple(moves)
        return [
            one
            for one in self.ledger.of_saga(self.full, owner.saga_id)
            if one.id == id_ and self._moves[one.number] in names and owner.step in (None, one.step)
        ]

    def remove(self, one: Incarnation, detail: str, *, amount: float | None = None) -> Effect:
        """An undo took effect; the second one of the same action is an effect, too."""
        change = Change.REMOVED if one.live else Change.REMOVED_AGAIN
        one.live = False
        return effect(one, change, detail, amount)

    def lapse(self, one: Incarnation, detail: str, due_s: float) -> Lapse:
        """It is over by itself: nobody undid it."""
        one.live = False
        return Lapse(
            resource=one.resource,
            incarnation=one.number,
            saga_id=one.saga_id,
            step=one.step,
            detail=detail,
            due_s=due_s,
        )

    def close(self, moves: Iterable[str], id_: str, owner: Owner) -> None:
        """What is undone may not be done by whoever comes late."""
        self._closed |= {(move, id_, owner.saga_id, owner.step) for move in moves}

    def is_closed(self, move: str, id_: str, owner: Owner) -> bool:
        """Whether an action was undone before it came."""
        steps = (owner.step, None)
        return any((move, id_, owner.saga_id, step) in self._closed for step in steps)

    def owner_of(self, id_: str) -> Owner | None:
        """The saga that changed it last; more than one step may have."""
        found = self.ledger.latest(self.full, id_)
        return None if found is None else Owner(saga_id=found.saga_id)

    def shown(self, id_: str, owner: Owner) -> tuple[str, ...]:
        """The steps of a saga whose effect can be seen in it."""
        mine = self.ledger.of_saga(self.full, owner.saga_id)
        return tuple(dict.fromkeys(one.step for one in mine if one.id == id_ and one.live and one.step))


def effect(one: Incarnation, change: Change, detail: str, amount: float | None) -> Effect:
    """A change of an incarnation, with its result in words."""
    return Effect(
        change=change,
        resource=one.resource,
        incarnation=one.number,
        saga_id=one.saga_id,
        step=one.step,
        detail=detail,
        amount=amount,
    )
