"""Services whose books are a list of what they made: the base of those that count nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from harness.participant import Incarnation, ResourceSpec, Response, RestParticipant
from harness.saga import Json


class Records(RestParticipant):
    """What is made stands until it is removed.

    needs: fields that a create must have as texts, by resource.
    """

    needs: Mapping[str, tuple[str, ...]] = {}

    def open_books(self) -> None:
        """Nothing made yet."""
        super().open_books()
        self._standing: set[int] = set()

    def admit(self, resource: ResourceSpec, fields: Mapping[str, Json]) -> Response | None:
        """400 where a field is missing that the resource needs."""
        for name in self.needs.get(resource.name, ()):
            found = fields.get(name)
            if not isinstance(found, str) or not found.strip():
                return Response.of(400, {"error": f"{name}: expected a text"})
        return None

    def created(self, incarnation: Incarnation, fields: Mapping[str, Json]) -> Mapping[str, Json]:
        """It stands from now on."""
        del fields
        self._standing.add(incarnation.number)
        return {}

    def removed(self, incarnation: Incarnation) -> None:
        """It is gone."""
        self._standing.discard(incarnation.number)

    def undoable_again(self, incarnation: Incarnation) -> bool:
        """Never: what is gone is gone."""
        del incarnation
        return False

    def conserved(self) -> bool:
        """Whether what stands is what the ledger holds."""
        return self._standing == {one.number for one in self.ledger.live()}
