"""What a concrete service says of its business: what it refuses, what it answers, what it counts.

Owns the methods that a subclass of `RestParticipant` may override, and what each is without that.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.participant.ledger import Incarnation
from harness.participant.messages import Response
from harness.participant.queries import none
from harness.participant.resource import ResourceSpec
from harness.saga import Json


class Business:
    """Nothing is refused, nothing is added, nothing is counted."""

    def admit(self, resource: ResourceSpec, fields: Mapping[str, Json]) -> Response | None:
        """A refusal for business reasons, before anything is applied."""
        del resource, fields
        return None

    def created(self, incarnation: Incarnation, fields: Mapping[str, Json]) -> Mapping[str, Json]:
        """Called once for each creation; returns what is answered of it beside the id."""
        del incarnation, fields
        return {}

    def removed(self, incarnation: Incarnation) -> None:
        """Called once for each effective undo."""
        del incarnation

    def undoable_again(self, incarnation: Incarnation) -> bool:
        """Whether a second undo under another key is a second effect (a refund of a refunded charge)."""
        del incarnation
        return True

    def undone_already(self, resource: ResourceSpec, incarnation: Incarnation) -> Response:
        """What a second undo is answered where it is no second effect."""
        return none(resource, incarnation.id)
