"""Payments: charges with Stripe-like idempotency keys, and refunds bounded by the charge.

Owns the books of a card processor: what was captured and what was refunded, in cents. A charge has
two sub-effects, the money held and the charge recorded; a part is the first without the second.
A second refund of one charge under another key is refused: nobody gets back more than was taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakes.routes import routes
from harness.participant import Incarnation, ResourceSpec, Response, RestParticipant
from harness.saga import Json

CHARGE = ResourceSpec(
    name="charge",
    routes=routes(
        "charge",
        create="POST /charges",
        delete="POST /charges/{id}/refunds",
        delete_by_saga="POST /refunds",
        get="GET /charges/{id}",
        find="GET /charges",
    ),
    refuses=402,
)


class Payments(RestParticipant):
    """Cards are declined above `card_limit_cents`."""

    name = "payments"
    resources = (CHARGE,)

    def __init__(self, *, card_limit_cents: int = 1_000_000, key_header: str = "Idempotency-Key") -> None:
        self.card_limit_cents = card_limit_cents
        super().__init__(key_header=key_header)

    def open_books(self) -> None:
        """Nothing captured, nothing refunded."""
        super().open_books()
        self.captured_cents: dict[int, int] = {}
        self.refunded_cents: dict[int, int] = {}

    def admit(self, resource: ResourceSpec, fields: Mapping[str, Json]) -> Response | None:
        """400 for an amount that is none, `refuses` for a card that is declined."""
        amount_cents = _amount_cents(fields)
        if amount_cents is None:
            return Response.of(400, {"error": "amount_cents: expected a whole number above 0"})
        if amount_cents > self.card_limit_cents:
            return Response.of(resource.refuses, {"error": "card_declined"})
        return None

    def created(self, incarnation: Incarnation, fields: Mapping[str, Json]) -> Mapping[str, Json]:
        """The money is taken."""
        amount_cents = _amount_cents(fields) or 0
        self.captured_cents[incarnation.number] = amount_cents
        return {"amount_cents": amount_cents, "status": "succeeded"}

    def removed(self, incarnation: Incarnation) -> None:
        """The money goes back."""
        taken_cents = self.captured_cents.get(incarnation.number, 0)
        already_cents = self.refunded_cents.get(incarnation.number, 0)
        self.refunded_cents[incarnation.number] = already_cents + taken_cents

    def undoable_again(self, incarnation: Incarnation) -> bool:
        """Never: a refund is bounded by its charge."""
        del incarnation
        return False

    def undone_already(self, resource: ResourceSpec, incarnation: Incarnation) -> Response:
        """Unlike a DELETE, a second refund is an error of its own."""
        del resource
        return Response.of(400, {"error": "charge_already_refunded", "charge": incarnation.id})

    @property
    def balance_cents(self) -> int:
        """What was taken and not given back."""
        return sum(self.captured_cents.values()) - sum(self.refunded_cents.values())

    def conserved(self) -> bool:
        """Whether the balance is that of the live charges, and no refund exceeds its charge."""
        live_cents = sum(self.captured_cents.get(one.number, 0) for one in self.ledger.live())
        bounded = all(
            refunded <= self.captured_cents.get(number, 0) for number, refunded in self.refunded_cents.items()
        )
        return bounded and live_cents == self.balance_cents


def _amount_cents(fields: Mapping[str, Json]) -> int | None:
    amount = fields.get("amount_cents")
    return amount if type(amount) is int and amount > 0 else None
