"""Inventory: stock that is set aside by reservations and comes back when they are released.

Owns the books of a warehouse: what is on hand, what each reservation set aside. A reservation has
two sub-effects, the stock set aside and the record of it; a part is the first without the second,
which is why no query lists it and an undo by saga still brings the stock back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from fakes.routes import routes
from harness.participant import Incarnation, ResourceSpec, Response, RestParticipant
from harness.saga import Json

RESERVATION = ResourceSpec(
    name="reservation",
    routes=routes(
        "reservation",
        create="POST /reservations",
        delete="DELETE /reservations/{id}",
        delete_by_saga="DELETE /reservations",
        get="GET /reservations/{id}",
        find="GET /reservations",
    ),
    refuses=409,
)
PLENTY: Mapping[str, int] = MappingProxyType({"lamp": 100, "chair": 100, "table": 100})


class Inventory(RestParticipant):
    """`stock` is what is on hand at the start of each run, by sku."""

    name = "inventory"
    resources = (RESERVATION,)

    def __init__(self, *, stock: Mapping[str, int] = PLENTY, key_header: str = "Idempotency-Key") -> None:
        self.stock = stock
        super().__init__(key_header=key_header)

    def open_books(self) -> None:
        """All stock is on hand."""
        super().open_books()
        self.on_hand = dict(self.stock)
        self._set_aside: dict[int, Mapping[str, int]] = {}

    def admit(self, resource: ResourceSpec, fields: Mapping[str, Json]) -> Response | None:
        """400 for items that are no items, `refuses` for what is out of stock."""
        wanted = _wanted(fields)
        if wanted is None:
            error = {"error": "items: expected a list of {sku, quantity above 0}"}
            return Response.of(400, error)
        for sku, quantity in wanted.items():
            if self.on_hand.get(sku, 0) < quantity:
                return Response.of(resource.refuses, {"error": "out_of_stock", "sku": sku})
        return None

    def created(self, incarnation: Incarnation, fields: Mapping[str, Json]) -> Mapping[str, Json]:
        """The stock is set aside."""
        wanted = _wanted(fields) or {}
        for sku, quantity in wanted.items():
            self.on_hand[sku] -= quantity
        self._set_aside[incarnation.number] = wanted
        return {"items": fields.get("items")}

    def removed(self, incarnation: Incarnation) -> None:
        """The stock comes back, once."""
        for sku, quantity in self._set_aside.pop(incarnation.number, {}).items():
            self.on_hand[sku] += quantity

    def conserved(self) -> bool:
        """Whether what is on hand and what live reservations set aside make up the stock, nowhere below 0."""
        total = Counter(self.on_hand)
        for one in self.ledger.live():
            total.update(self._set_aside.get(one.number, {}))
        return total == Counter(self.stock) and all(quantity >= 0 for quantity in self.on_hand.values())


def _wanted(fields: Mapping[str, Json]) -> Mapping[str, int] | None:
    items = fields.get("items")
    if not isinstance(items, list) or not items:
        return None
    wanted: Counter[str] = Counter()
    for item in items:
        sku, quantity = (item.get("sku"), item.get("quantity")) if isinstance(item, dict) else (None, None)
        if not isinstance(sku, str) or type(quantity) is not int or quantity < 1:
            return None
        wanted[sku] += quantity
    return wanted
