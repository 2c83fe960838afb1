"""The saga of order fulfilment for the reference orchestrator: which calls do, undo and find each step."""

from __future__ import annotations

from urllib.parse import quote

from scenarios.orchestrator import Call, SagaBuilder, StepContext
from scenarios.order_fulfilment.order import Order


def reserve_inventory(ctx: StepContext[Order]) -> Call:
    items = [{"sku": item.sku, "quantity": item.quantity} for item in ctx.data.items]
    return Call.post("inventory", "/reservations", {"saga_id": ctx.saga_id, "items": items})


def release_inventory(ctx: StepContext[Order]) -> Call:
    if ctx.resource_id is None:
        return Call(service="inventory", method="DELETE", path="/reservations", query=ctx.of_saga)
    return Call(service="inventory", method="DELETE", path=f"/reservations/{quote(ctx.resource_id, safe='')}")


def process_payment(ctx: StepContext[Order]) -> Call:
    fields = {
        "saga_id": ctx.saga_id,
        "customer_id": ctx.data.customer_id,
        "amount_cents": ctx.data.total_cents,
    }
    return Call.post("payments", "/charges", fields)


def refund_payment(ctx: StepContext[Order]) -> Call:
    if ctx.resource_id is None:
        return Call.post("payments", "/refunds", {"saga_id": ctx.saga_id})
    path = f"/charges/{quote(ctx.resource_id, safe='')}/refunds"
    return Call.post("payments", path, {"saga_id": ctx.saga_id})


def create_shipment(ctx: StepContext[Order]) -> Call:
    fields = {"saga_id": ctx.saga_id, "order_id": ctx.data.order_id, "address": ctx.data.address}
    return Call.post("shipping", "/shipments", fields)


def find_shipment(ctx: StepContext[Order]) -> Call:
    return Call(service="shipping", method="GET", path="/shipments", query=ctx.of_saga)


ORDER_FULFILMENT = (
    SagaBuilder[Order]("OrderFulfilment")
    .step("reserve_inventory")
    .action(reserve_inventory)
    .compensation(release_inventory)
    .step("process_payment")
    .action(process_payment)
    .compensation(refund_payment)
    .step("create_shipment")
    .action(create_shipment)
    .found_by(find_shipment)
    .pivot()
    .build()
)
