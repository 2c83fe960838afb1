"""`expires_s` of a record: a reservation that is over by itself, unless something confirms it in time.

Owns when each record of a participant is over, and which ones a create `confirms`. Refuses to read a clock:
it is told the time before each request, and that no request comes any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.errors import ScenarioError, misplaced, nearest
from harness.participant.ledger import Incarnation, Lapse, Ledger
from harness.participant.messages import Owner
from harness.participant.resource import ResourceSpec


class Expiry:
    """The records of one participant in one run that are over by themselves.

    Raises ScenarioError where a resource confirms what is no resource here that expires.
    """

    def __init__(self, participant: str, resources: Sequence[ResourceSpec], ledger: Ledger) -> None:
        self._participant = participant
        self._ledger = ledger
        self._now_s = 0.0
        self._due_s: dict[int, tuple[float, Incarnation]] = {}
        expiring = [one.name for one in resources if one.expires_s is not None]
        for one in resources:
            if one.confirms is not None and one.confirms not in expiring:
                where = f"resource {one.name!r}, confirms"
                raise ScenarioError(misplaced(where, one.confirms, what_confirms(one.confirms, expiring)))
        self._confirmed = {f"{participant}.{one.confirms}" for one in resources if one.confirms is not None}

    def begins(self, resource: ResourceSpec, made: Incarnation) -> None:
        """It was made now."""
        if resource.expires_s is not None:
            self._due_s[made.number] = (self._now_s + resource.expires_s, made)

    def over(self, now_s: float | None) -> Iterator[tuple[Incarnation, Lapse]]:
        """What is over at a time of the run and still there; None: whatever would be over in the end."""
        self._now_s = self._now_s if now_s is None else now_s
        for number, (due_s, made) in [*self._due_s.items()]:
            if made.live and now_s is not None and now_s < due_s:
                continue
            del self._due_s[number]
            if made.live:
                made.live = False
                made.lapsed = True
                yield made, self._lapse(made, due_s)

    def to_confirm(self, resource: ResourceSpec, id_: str | None, owner: Owner) -> list[Incarnation]:
        """What a create keeps from being over: that of the id in its path, else all of the saga's."""
        if resource.confirms is None:
            return []
        full = f"{self._participant}.{resource.confirms}"
        mine = self._ledger.of_saga(full, owner.saga_id)
        return [one for one in mine if one.live and id_ in (None, one.id)]

    def confirm(self, kept: Sequence[Incarnation]) -> None:
        """They are there until they are undone, and whatever confirmed them may be undone before."""
        for one in kept:
            self._due_s.pop(one.number, None)

    def _lapse(self, made: Incarnation, due_s: float) -> Lapse:
        return Lapse(
            resource=made.resource,
            incarnation=made.number,
            saga_id=made.saga_id,
            step=made.step,
            detail=f"{made.id} is over, its time was up",
            due_s=due_s,
            could_be_kept=made.resource in self._confirmed,
        )


def what_confirms(found: str, expiring: Sequence[str]) -> str:
    """What can be confirmed, for the message about what cannot."""
    if expiring:
        return nearest(found, expiring)
    return "a record of the same participant with expires_s, and there is none"
