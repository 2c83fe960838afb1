"""Shipping: a carrier that books a shipment for an address and can cancel the booking.

A shipment has two sub-effects, the booking and its label; a part is the first without the second.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakes.routes import routes
from harness.participant import Incarnation, ResourceSpec, Response, RestParticipant
from harness.saga import Json

SHIPMENT = ResourceSpec(
    name="shipment",
    routes=routes(
        "shipment",
        create="POST /shipments",
        delete="DELETE /shipments/{id}",
        delete_by_saga="DELETE /shipments",
        get="GET /shipments/{id}",
        find="GET /shipments",
    ),
    refuses=422,
)


class Shipping(RestParticipant):
    """Ships anywhere but to the `unserved` addresses."""

    name = "shipping"
    resources = (SHIPMENT,)

    def __init__(
        self, *, unserved: frozenset[str] = frozenset(), key_header: str = "Idempotency-Key"
    ) -> None:
        self.unserved = unserved
        super().__init__(key_header=key_header)

    def open_books(self) -> None:
        """Nothing booked."""
        super().open_books()
        self._bookings: set[int] = set()

    def admit(self, resource: ResourceSpec, fields: Mapping[str, Json]) -> Response | None:
        """`refuses` for an address that is missing or that the carrier does not serve."""
        address = fields.get("address")
        if not isinstance(address, str) or not address.strip():
            return Response.of(resource.refuses, {"error": "address_missing"})
        if address in self.unserved:
            return Response.of(resource.refuses, {"error": "address_not_served"})
        return None

    def created(self, incarnation: Incarnation, fields: Mapping[str, Json]) -> Mapping[str, Json]:
        """The shipment is booked."""
        del fields
        self._bookings.add(incarnation.number)
        return {"tracking": f"T-{incarnation.number}"}

    def removed(self, incarnation: Incarnation) -> None:
        """The booking is cancelled."""
        self._bookings.discard(incarnation.number)

    def conserved(self) -> bool:
        """Whether the bookings are the live shipments."""
        return self._bookings == {one.number for one in self.ledger.live()}
