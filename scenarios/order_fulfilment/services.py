"""Clients for the three services as the document calls them: a method for each call, any failure an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx


class SagaError(Exception):
    """Any step's failure, whatever it was."""


@dataclass(slots=True, kw_only=True)
class Service:
    """One service, seen by one saga."""

    client: httpx.AsyncClient
    url: str
    saga_id: str

    async def create(self, path: str, key: str, fields: Mapping[str, object]) -> str:
        """The id of what was made."""
        headers = {"idempotency-key": key}
        response = await self.call("POST", path, {"saga_id": self.saga_id, **fields}, headers)
        try:
            return str(response.json()["id"])
        except (ValueError, KeyError) as error:
            raise SagaError(f"POST {path}: {response.status_code} without an id") from error

    async def call(
        self,
        method: str,
        path: str,
        fields: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            response = await self.client.request(
                method, self.url + path, json=fields, headers=headers, timeout=0.25
            )
            return response.raise_for_status()
        except httpx.HTTPError as error:
            raise SagaError(f"{method} {path}: {type(error).__name__}") from error


@dataclass(slots=True, kw_only=True)
class InventoryService(Service):
    """Releases by product, as the document does; the API wants the reservation, so it is remembered."""

    reservation_ids: dict[str, str] = field(default_factory=dict)

    async def reserve(self, key: str, product_id: str, quantity: int) -> None:
        items = [{"sku": product_id, "quantity": quantity}]
        self.reservation_ids[product_id] = await self.create("/reservations", key, {"items": items})

    async def release(self, product_id: str) -> None:
        await self.call("DELETE", f"/reservations/{self.reservation_ids[product_id]}")


class PaymentService(Service):
    async def charge_idempotent(self, key: str, customer_id: str, amount_cents: int) -> str:
        return await self.create("/charges", key, {"customer_id": customer_id, "amount_cents": amount_cents})

    async def refund(self, charge_id: str) -> None:
        await self.call("POST", f"/charges/{charge_id}/refunds", {"saga_id": self.saga_id})


class ShippingService(Service):
    async def create_shipment(self, key: str, order_id: str, address: str) -> str:
        return await self.create("/shipments", key, {"order_id": order_id, "address": address})
