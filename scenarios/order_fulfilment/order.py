"""An order, read from a saga's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of an order."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer ordered."""

    order_id: str
    customer_id: str
    items: tuple[Item, ...]
    total_cents: int
    address: str

    @classmethod
    def read(cls, content: object) -> Self:
        """Raise msgspec.ValidationError, which names the field, where it is no order."""
        return msgspec.convert(content, cls)
