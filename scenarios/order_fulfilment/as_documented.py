"""The saga as the document describes it, section by section, with the weaknesses that follow.

Each weakness is marked. The Step Details come with the keys of the section "Idempotency"
(`key_for`), since a reader who got that far would send them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome, Status
from scenarios.order_fulfilment.order import Order
from scenarios.order_fulfilment.services import InventoryService, PaymentService, SagaError, ShippingService


@dataclass(slots=True, kw_only=True)
class OrderContext:
    """Lives in memory."""

    saga_id: str
    order: Order
    inventory_service: InventoryService
    payment_service: PaymentService
    shipping_service: ShippingService
    charge_id: str | None = None
    shipment_id: str | None = None

    def key_for(self, step: str) -> str:
        return f"{self.saga_id}:{step}"


StepAction = Callable[[OrderContext], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStep:
    name: str
    action: StepAction
    compensation: StepAction | None = None


class SagaState(StrEnum):
    RUNNING = "running"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class SagaInstance:
    saga_id: str
    saga_type: str = "OrderFulfillment"
    state: SagaState = SagaState.RUNNING
    current_step: int = 0
    completed_steps: list[str] = field(default_factory=list)
    context: dict[str, Json] = field(default_factory=dict)
    error: str = ""
    log: list[list[str]] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)

    def emit(self, event: str, **fields: str) -> None:
        self.events.append({"event": event, "saga_id": self.saga_id, **fields})


# Step 1 ---------------------------------------------------------------------------------------


async def reserve_inventory(ctx: OrderContext) -> None:
    for item in ctx.order.items:
        key = ctx.key_for("reserve_inventory")  # weakness: one key, and as many bodies as lines
        await ctx.inventory_service.reserve(key, item.sku, item.quantity)


async def release_inventory(ctx: OrderContext) -> None:
    for item in ctx.order.items:
        await ctx.inventory_service.release(item.sku)


# Step 2 ---------------------------------------------------------------------------------------


async def process_payment(ctx: OrderContext) -> None:
    key = ctx.key_for("payment")
    ctx.charge_id = await ctx.payment_service.charge_idempotent(
        key, ctx.order.customer_id, ctx.order.total_cents
    )


async def refund_payment(ctx: OrderContext) -> None:
    if ctx.charge_id is not None:  # weakness: a charge whose reply was lost has no id
        await ctx.payment_service.refund(ctx.charge_id)  # weakness: without a key


# Step 3 ---------------------------------------------------------------------------------------


async def create_shipment(ctx: OrderContext) -> None:
    key = ctx.key_for("shipment")
    ctx.shipment_id = await ctx.shipping_service.create_shipment(key, ctx.order.order_id, ctx.order.address)


# The orchestrator -----------------------------------------------------------------------------

STEPS = (
    SagaStep(name="reserve_inventory", action=reserve_inventory, compensation=release_inventory),
    SagaStep(name="process_payment", action=process_payment, compensation=refund_payment),
    SagaStep(name="create_shipment", action=create_shipment),
)


async def execute(ctx: OrderContext) -> SagaInstance:
    """Weakness: any error of any step, a time-out too, is a failure, and the step itself is not undone."""
    instance = SagaInstance(saga_id=ctx.saga_id)
    instance.emit("SagaStarted", saga_type=instance.saga_type)
    for index, step in enumerate(STEPS):
        instance.current_step = index
        instance.emit("StepStarted", step=step.name)
        try:
            await step.action(ctx)
        except SagaError as error:
            instance.error = f"{step.name}: {error}"
            instance.emit("StepFailed", step=step.name, error=str(error))
            await compensate(ctx, instance)
            return instance
        instance.completed_steps.append(step.name)
        instance.context = {"charge_id": ctx.charge_id, "shipment_id": ctx.shipment_id}
        instance.log.append([step.name, "done"])
        instance.emit("StepCompleted", step=step.name)
    instance.state = SagaState.COMPLETED
    instance.emit("SagaCompleted")
    return instance


async def compensate(ctx: OrderContext, instance: SagaInstance) -> None:
    """Weakness: a compensation that fails is logged and forgotten; either way the saga is `Failed`."""
    instance.state = SagaState.COMPENSATING
    instance.emit("CompensationStarted")
    for step in reversed(STEPS):
        if step.name in instance.completed_steps and step.compensation is not None:
            try:
                await step.compensation(ctx)
            except SagaError as error:
                instance.log.append([step.name, f"not undone: {error}"])
            else:
                instance.log.append([step.name, "undone"])
                instance.emit("CompensationCompleted", step=step.name)
    instance.state = SagaState.FAILED  # "compensation complete (or failed)"
    instance.emit("SagaFailed", reason=instance.error)


async def as_documented(ctx: SagaContext, order: Json) -> Outcome:
    instance = await execute(_context(ctx, Order.read(order)))
    done = instance.state is SagaState.COMPLETED
    status = Status.COMPLETED if done else Status.COMPENSATED
    return Outcome(status=status, detail=_told(instance))


def _told(instance: SagaInstance) -> Json:
    return {
        "error": instance.error,
        "log": instance.log,
        "events": instance.events,
        "saga_type": instance.saga_type,
        "state": instance.state,
        "current_step": instance.current_step,
        "completed_steps": list(instance.completed_steps),
        "context": instance.context,
    }


def _context(ctx: SagaContext, order: Order) -> OrderContext:
    client, saga_id = ctx.client, ctx.saga_id
    assert isinstance(client, httpx.AsyncClient)
    return OrderContext(
        saga_id=saga_id,
        order=order,
        inventory_service=InventoryService(client=client, url=ctx.urls["inventory"], saga_id=saga_id),
        payment_service=PaymentService(client=client, url=ctx.urls["payments"], saga_id=saga_id),
        shipping_service=ShippingService(client=client, url=ctx.urls["shipping"], saga_id=saga_id),
    )
